"""The hub: every open stream of this process, and who among them hears what is published."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.sse.frames import Frame
from app.sse.metrics import HubMetrics
from app.sse.replay import Connection, Replay, TellUntold
from app.sse.stream import Stream
from jobs.background import stop
from jobs.eventbus import EventBus
from jobs.eventlog import EventLog, channel_of, parse_published


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
    """One owner's streams in this process, and the listener on the bus that they share."""

    def __init__(self, hub: "Hub", owner: str) -> None:
        self.connections: set[Connection] = set()
        self.subscribed: asyncio.Task[None] | None = None
        self._hub = hub
        self._owner = owner

    def heard(self, payload: bytes) -> None:
        frame = Frame.of(parse_published(payload))
        if frame is None:
            return
        for connection in tuple(self.connections):
            stream = connection.stream
            if not stream.is_held and stream.last is not None and stream.last.epoch != frame.id.epoch:
                # The log was replaced under a live stream: its past is gone, and it starts over.
                self._hub.catch_up(connection)
            stream.take(frame)

    def interrupted(self) -> None:
        for connection in self.connections:
            connection.stream.hold()

    def resumed(self) -> None:
        for connection in tuple(self.connections):
            self._hub.catch_up(connection)


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
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def start(self) -> None:
        """Begin to give signs of life on idle streams."""
        self._spawn(self._beat())

    async def close(self) -> None:
        """End every stream at once, and refuse new ones."""
        self._is_closed = True
        for connection in self._connections():
            connection.stream.finish()
        await stop(*self._tasks)

    def stream(
        self, transport: asyncio.Transport, *, is_chunked: bool, job_id: str | None, ends_with_job: bool
    ) -> Stream:
        """A stream on a connection, held until it has caught up."""
        return Stream(
            transport,
            self._metrics,
            is_chunked=is_chunked,
            job_id=job_id,
            ends_with_job=ends_with_job,
            limit=self._limits.buffer_bytes,
        )

    @asynccontextmanager
    async def attached(self, connection: Connection) -> AsyncIterator[None]:
        """Hold live events for a stream, from the moment that the context begins until it ends.

        Raises `HubClosed`, `TooManyStreams`, `BusUnavailable`.
        """
        channel = self._join(connection)
        try:
            with self._metrics.open.track_inprogress():
                # Whoever comes first subscribes for all; the shield keeps one who leaves from taking it with him.
                await asyncio.shield(self._subscription(connection.owner, channel))
                yield
        finally:
            self._leave(channel, connection)

    def _join(self, connection: Connection) -> _Channel:
        if self._is_closed:
            raise HubClosed
        channel = self._channels.get(connection.owner)
        if channel is None:
            channel = self._channels[connection.owner] = _Channel(self, connection.owner)
        if len(channel.connections) >= self._limits.streams_per_user:
            raise TooManyStreams
        channel.connections.add(connection)
        return channel

    def _subscription(self, owner: str, channel: _Channel) -> asyncio.Task[None]:
        is_failed = channel.subscribed is not None and channel.subscribed.done() and channel.subscribed.exception()
        if channel.subscribed is None or is_failed:
            channel.subscribed = self._spawn(self._bus.subscribe(channel_of(owner), channel))
        return channel.subscribed

    def _leave(self, channel: _Channel, connection: Connection) -> None:
        connection.stream.finish()
        if connection.catching_up is not None:
            connection.catching_up.cancel()
        channel.connections.discard(connection)
        if not channel.connections and self._channels.get(connection.owner) is channel:
            del self._channels[connection.owner]
            if not self._is_closed:
                self._spawn(self._unsubscribe(connection.owner))

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

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._limits.heartbeat_seconds)
            for connection in self._connections():
                connection.stream.comment()

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
