"""The hub: every open stream of this process, and who among them hears what is published."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from app.garbage import keep_out_of_collections
from app.sse.frames import Batch
from app.sse.metrics import HubMetrics
from app.sse.replay import Connection, Replay, TellUntold
from app.sse.stream import Stream
from jobs.background import stop
from jobs.eventbus import EventBus
from jobs.eventlog import EventLog, channel_of

log = structlog.get_logger(__name__)

COLLECT_STREAMS = 250
"""New streams after which they are kept out of collections: a full one with 15,000 took half a second."""
BEAT_STREAMS = 50
"""Streams that get a sign of life at once: thousands would keep events waiting for as long as all their writes take."""


class HubClosed(Exception):
    """The process is shutting down: open the stream elsewhere."""


class TooManyStreams(Exception):
    """This user has as many open streams as one may have."""


@dataclass(frozen=True, slots=True)
class HubLimits:
    """`buffer_bytes` unsent bytes cut a stream off; `heartbeat_seconds` lie between comments."""

    buffer_bytes: int
    streams_per_user: int
    heartbeat_seconds: float


class _Channel:
    """One owner's streams in this process, and the listener on the bus that they share.

    What is heard in one turn of the loop is encoded once, and goes to each stream in one write.
    """

    __slots__ = ("_heard", "_hub", "connections", "owner", "subscribed")

    def __init__(self, hub: "Hub", owner: str) -> None:
        self.connections: dict[Connection, None] = {}
        self.subscribed: asyncio.Task[None] | None = None
        self.owner = owner
        self._hub = hub
        self._heard: list[bytes] = []

    def heard(self, payload: bytes) -> None:
        if not self._heard:
            self._hub.pass_on_soon(self)
        self._heard.append(payload)

    def interrupted(self) -> None:
        for connection in self.connections:
            connection.stream.hold()

    def resumed(self) -> None:
        for connection in tuple(self.connections):
            self._hub.catch_up(connection)

    def pass_on(self) -> int:
        """Give each stream what was heard; how many deliveries that was."""
        heard, self._heard = self._heard, []
        batch = Batch(heard)
        if len(heard) == 1:
            return self._deliver(batch)
        return sum(map(self._deliver, batch.by_epoch()))

    def _deliver(self, batch: Batch) -> int:
        deliveries = 0
        # A copy, for streams that end are taken out.
        for connection in tuple(self.connections):
            written = connection.stream.take(batch)
            if written is None:
                # The log was replaced under a live stream: its past is gone, and it starts over.
                self._hub.catch_up(connection)
                written = connection.stream.take(batch)
            deliveries += written or 0
        return deliveries


class Hub:
    """Opens, feeds and ends streams.

    No event is lost between what is read from the log and what is heard live: a stream is subscribed first, then
    reads, then passes on what it heard meanwhile, dropping what it has read.
    """

    def __init__(
        self, log: EventLog, bus: EventBus, limits: HubLimits, metrics: HubMetrics, *, tell_untold: TellUntold
    ) -> None:
        self._replay = Replay(log, metrics, tell_untold=tell_untold)
        self._bus = bus
        self._limits = limits
        self._metrics = metrics
        self._channels: dict[str, _Channel] = {}
        self._news: list[_Channel] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._joined = 0

    async def start(self) -> None:
        """Begin to give signs of life on idle streams."""
        self._spawn(self._beat())

    async def close(self) -> None:
        """End every stream at once, and refuse new ones."""
        self._is_closed = True
        for connection in self._connections():
            connection.stream.finish()
        await stop(*self._tasks)

    def stream(self, *, is_chunked: bool, job_id: str | None, ends_with_job: bool) -> Stream:
        """A stream, held until it has caught up."""
        return Stream(
            self._metrics,
            is_chunked=is_chunked,
            job_id=job_id,
            ends_with_job=ends_with_job,
            limit=self._limits.buffer_bytes,
        )

    async def join(self, connection: Connection) -> None:
        """Hold live events for a stream, from now on until it ends.

        Raises `HubClosed`, `TooManyStreams`, `BusUnavailable`.
        """
        channel = self._channel_for(connection)
        channel.connections[connection] = None
        connection.opened_at = asyncio.get_running_loop().time()
        self._metrics.open.inc()
        connection.stream.on_finish = partial(self._leave, channel, connection)
        try:
            # Whoever comes first subscribes for all; the shield keeps one who leaves from taking it with him.
            if (subscription := self._subscription(channel)) is not None:
                await asyncio.shield(subscription)
        except BaseException:
            connection.stream.finish()
            raise
        if self._is_closed:
            raise HubClosed
        self._joined += 1
        if self._joined % COLLECT_STREAMS == 0:
            keep_out_of_collections()

    def _channel_for(self, connection: Connection) -> _Channel:
        if self._is_closed:
            raise HubClosed
        channel = self._channels.get(connection.owner)
        if channel is None:
            channel = self._channels[connection.owner] = _Channel(self, connection.owner)
        if len(channel.connections) >= self._limits.streams_per_user:
            raise TooManyStreams
        return channel

    def _subscription(self, channel: _Channel) -> "asyncio.Task[None] | None":
        """What to wait for; None where the subscription stands."""
        task = channel.subscribed
        if task is None or (task.done() and task.exception()):
            task = channel.subscribed = self._spawn(self._bus.subscribe(channel_of(channel.owner), channel))
        return None if task.done() else task

    def _leave(self, channel: _Channel, connection: Connection) -> None:
        if channel.connections.pop(connection, self) is self:
            return
        self._metrics.open.dec()
        seconds = asyncio.get_running_loop().time() - connection.opened_at
        log.info("stream_closed", request_id=connection.request_id, seconds=round(seconds, 1))
        if connection.catching_up is not None:
            connection.catching_up.cancel()
            connection.catching_up = None
        if not channel.connections and self._channels.get(channel.owner) is channel:
            del self._channels[channel.owner]
            channel.subscribed = None
            if not self._is_closed:
                self._spawn(self._unsubscribe(channel.owner))

    async def _unsubscribe(self, owner: str) -> None:
        # Somebody may have come back before this ran, and subscribed already.
        if owner not in self._channels:
            await self._bus.unsubscribe(channel_of(owner))

    def catch_up(self, connection: Connection) -> None:
        """Bring a stream from where it is to the present, and let it go live; whatever it does now, it begins again."""
        connection.stream.hold()
        if connection.catching_up is not None:
            connection.catching_up.cancel()
        connection.catching_up = self._spawn(self._replay.bring(connection))

    def pass_on_soon(self, channel: _Channel) -> None:
        """Let a channel pass on what it hears in this turn of the loop."""
        if not self._news:
            asyncio.get_running_loop().call_soon(self._pass_on)
        self._news.append(channel)

    def _pass_on(self) -> None:
        news, self._news = self._news, []
        deliveries = 0
        for channel in news:
            try:
                deliveries += channel.pass_on()
            except Exception:
                # What is wrong with one owner's events must not cost the others theirs.
                log.exception("events_not_passed_on")
        self._metrics.delivered.inc(deliveries)

    async def _beat(self) -> None:
        while True:
            connections = self._connections()
            slices = range(0, len(connections), BEAT_STREAMS)
            for start in slices:
                for connection in connections[start : start + BEAT_STREAMS]:
                    connection.stream.comment()
                await asyncio.sleep(self._limits.heartbeat_seconds / len(slices))
            if not slices:
                await asyncio.sleep(self._limits.heartbeat_seconds)

    def _connections(self) -> list[Connection]:
        return [connection for channel in self._channels.values() for connection in channel.connections]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Whoever awaited it has the error; a subscription whose clients all left has nobody to tell.
            task.exception()
