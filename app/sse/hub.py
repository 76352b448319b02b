"""The hub: every open stream of this process, and the seam between what the log has and what is heard live."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from app.sse.frames import Frame, id_block
from app.sse.metrics import HubMetrics
from app.sse.response import retry_line
from app.sse.stream import Stream
from jobs.background import stop
from jobs.database import DatabaseUnavailable
from jobs.eventbus import EventBus
from jobs.eventid import EventId
from jobs.eventlog import PAGE_ENTRIES, CursorGone, Entry, EventLog, LogUnavailable, channel_of, parse_published

log = structlog.get_logger(__name__)

CATCH_UP_SECONDS = 30.0

Fallback = Callable[[EventId | None, str | None], Awaitable[bytes]]
"""What a stream begins with that resumes nothing: given the id to go on from, or None where an event with one follows
at once; and why it could not be resumed (or None)."""


TellUntold = Callable[[str], Awaitable[None]]
"""Tells the log whatever of an owner is not noted as told. Raises `LogUnavailable`, `DatabaseUnavailable`."""


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


@dataclass(eq=False, slots=True)
class Connection:
    """A stream, the response that it catches up through, and where it begins.

    With `resume_from` it goes on behind that id. Without, or where the log no longer has it, it begins with what
    `fallback` gives, and with `tells_whole_job` with what the log has of its job.
    """

    owner: str
    stream: Stream
    response: web.StreamResponse
    fallback: Fallback
    resume_from: EventId | None = None
    tells_whole_job: bool = False
    catching_up: asyncio.Task[None] | None = None


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
        self._log = log
        self._tell_untold = tell_untold
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
        connection.catching_up = self._spawn(self._catch_up(connection))

    async def _catch_up(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                if connection.stream.last is None:
                    await self._begin(connection)
                await self._read_on(connection)
                while connection.stream.is_overtaken:
                    # The log was replaced while it was read; what was held of it is in there to be read.
                    connection.stream.hold_anew()
                    await self._read_on(connection)
            _check_turn(connection)
            connection.stream.go_live()
        except (LogUnavailable, DatabaseUnavailable, TimeoutError, OSError) as error:
            # Without the log or the client there is nothing to go on with; the client comes back with its last id.
            log.info("stream_ended", reason=type(error).__name__)
            connection.stream.finish()
        except Exception:
            log.exception("stream_failed")
            connection.stream.finish()

    async def _begin(self, connection: Connection) -> None:
        if connection.resume_from is None:
            await self._start_over(connection, None)
            return
        await self._write(connection, retry_line() + id_block(connection.resume_from), last=connection.resume_from)

    async def _read_on(self, connection: Connection) -> None:
        """Replay pages until one comes short. A cursor that is gone starts the stream over."""
        while connection.stream.last is not None:
            try:
                entries = await self._log.after(connection.owner, connection.stream.last)
            except CursorGone as gone:
                self._metrics.resets.inc()
                await self._start_over(connection, gone.reason)
                continue
            await self._replay(connection, entries)
            if len(entries) < PAGE_ENTRIES:
                return

    async def _replay(self, connection: Connection, entries: Sequence[Entry], prefix: bytes = b"") -> None:
        """Write a page in one go, waiting for a client that is slow to read."""
        # Before the stream notes what it is given: what is noted and not written is lost.
        _check_turn(connection)
        pieces = [prefix]
        for entry in entries:
            frame = Frame.of(entry)
            if frame is None:
                connection.stream.last = entry.id
            elif connection.stream.admit(frame):
                pieces.append(frame.plain)
                self._metrics.replayed.inc()
        if data := b"".join(pieces):
            await self._write(connection, data)

    async def _write(self, connection: Connection, data: bytes, *, last: EventId | None = None) -> None:
        """Write, and note first where the stream is then: the bytes are on their way before the write is awaited."""
        _check_turn(connection)
        if last is not None:
            connection.stream.last = last
        await connection.response.write(data)

    async def _start_over(self, connection: Connection, reason: str | None) -> None:
        if reason is not None:
            # What the log that is gone was told, and the database could not note, will be told to this one again. This
            # client may have heard it: it has to come before the place where its stream goes on.
            await self._tell_untold(connection.owner)
        cursor = await self._log.open(connection.owner)
        # Looked up behind the cursor: what of the job is not in the log by now comes after it.
        whole = await self._whole_job(connection)
        if whole:
            prefix = await connection.fallback(None, reason)
            _check_turn(connection)
            connection.stream.last = None
            await self._replay(connection, whole, prefix=prefix)
            return
        await self._write(connection, await connection.fallback(cursor, reason), last=cursor)

    async def _whole_job(self, connection: Connection) -> list[Entry]:
        """The page that begins with the first that the log has of the stream's job, where that is wanted."""
        job_id = connection.stream.job_id
        if job_id is None or not connection.tells_whole_job:
            return []
        first = await self._log.first_of(job_id)
        try:
            return [] if first is None else await self._log.since(connection.owner, first)
        except CursorGone:
            return []

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


def _check_turn(connection: Connection) -> None:
    """End a catching-up that another has taken over from, should its cancellation have been lost in a library."""
    if connection.catching_up is not asyncio.current_task():
        raise asyncio.CancelledError
