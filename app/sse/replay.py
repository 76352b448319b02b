"""Bringing a stream to the present: on from its last id through the log, or over from the state as it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from app.sse.metrics import HubMetrics
from app.sse.response import retry_line
from app.sse.stream import Stream
from jobs.database import DatabaseUnavailable
from jobs.eventid import EventId
from jobs.eventlog import PAGE_ENTRIES, CursorGone, Entry, EventLog, LogUnavailable, with_id

log = structlog.get_logger(__name__)

TAKE_SECONDS = 30.0
"""How long a client may take to read what it is told of the past."""
PAGES_AT_ONCE = 2
"""Pages under way: with those of a thousand who come back at once in one turn of the loop, live events would wait."""
STARTS_AT_ONCE = 16
"""Streams that look up how things are: a thousand at once would wait for the database's few connections in vain."""

Fallback = Callable[[EventId | None, str | None], Awaitable[bytes]]
"""What a stream begins with that resumes nothing: given the id to go on from, or None where an event with one follows
at once; and why it could not be resumed (or None)."""


TellUntold = Callable[[str], Awaitable[None]]
"""Tells the log whatever of an owner is not noted as told. Raises `LogUnavailable`, `DatabaseUnavailable`."""


@dataclass(eq=False, slots=True)
class Connection:
    """A stream, whose it is, and where it begins.

    With `resume_from` it goes on behind that id. Without, or where the log no longer has it, it begins with what
    `fallback` gives, and with `tells_whole_job` with what the log has of its job. `opened_at` is the loop's time.
    """

    owner: str
    stream: Stream
    fallback: Fallback
    resume_from: EventId | None = None
    tells_whole_job: bool = False
    request_id: str = ""
    opened_at: float = 0.0
    catching_up: asyncio.Task[None] | None = None


class Replay:
    """Reads for streams that are held meanwhile, and lets them go live when they have all that the log has."""

    def __init__(self, log: EventLog, metrics: HubMetrics, *, tell_untold: TellUntold) -> None:
        self._log = log
        self._metrics = metrics
        self._tell_untold = tell_untold
        self._reading = asyncio.Semaphore(PAGES_AT_ONCE)
        self._starting = asyncio.Semaphore(STARTS_AT_ONCE)

    async def bring(self, connection: Connection) -> None:
        """Bring a held stream to the present; one for which that is not possible ends."""
        try:
            if connection.stream.last is None:
                await self._begin(connection)
            while connection.stream.is_behind:
                await self._read_on(connection)
            _check_turn(connection)
            connection.catching_up = None
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
        last = connection.resume_from
        await self._write(connection, retry_line() + with_id(last, b"\n"), last=last)

    async def _read_on(self, connection: Connection) -> None:
        """Replay pages until one comes short. A cursor that is gone starts the stream over."""
        while connection.stream.last is not None:
            try:
                async with self._reading:
                    connection.stream.keep()
                    page, is_last = self._page(
                        connection, await self._log.after(connection.owner, connection.stream.last)
                    )
            except CursorGone as gone:
                self._metrics.resets.inc()
                await self._start_over(connection, gone.reason)
                return
            await self._write(connection, page)
            if is_last:
                return

    def _page(self, connection: Connection, entries: Sequence[Entry]) -> tuple[bytes, bool]:
        """What of a page is meant for a client, and whether it is the last one.

        Whoever calls lets the entries go: a thousand streams that wait for their clients would keep hundreds each, and
        each full collection of garbage would visit them all.
        """
        # Before the stream notes what it is given: what is noted and not written is lost.
        _check_turn(connection)
        pieces = []
        for entry in entries:
            if not entry.frame:
                connection.stream.last = entry.id
            elif connection.stream.admit(entry):
                pieces.append(entry.frame)
        self._metrics.replayed.inc(len(pieces))
        return b"".join(pieces), len(entries) < PAGE_ENTRIES

    async def _write(self, connection: Connection, data: bytes, *, last: EventId | None = None) -> None:
        """Write, and note first where the stream is then: the bytes are on their way before the write is awaited."""
        _check_turn(connection)
        if last is not None:
            connection.stream.last = last
        if not data:
            return
        async with asyncio.timeout(TAKE_SECONDS):
            await connection.stream.send(data)

    async def _start_over(self, connection: Connection, reason: str | None) -> None:
        async with self._starting:
            connection.stream.keep()
            if reason is not None:
                # What the log that is gone was told, and the database could not note, will be told to this one again.
                # This client may have heard it: it has to come before the place where its stream goes on.
                await self._tell_untold(connection.owner)
            cursor = await self._log.open(connection.owner)
            # Looked up behind the cursor: what of the job is not in the log by now comes after it.
            whole = await self._whole_job(connection)
            beginning = await connection.fallback(None if whole else cursor, reason)
        if whole:
            _check_turn(connection)
            connection.stream.last = None
            page, is_last = self._page(connection, whole)
            whole.clear()
            if not is_last:
                # There is more in the log, where what is heard meanwhile is found, too.
                connection.stream.hold()
            await self._write(connection, beginning + page)
        else:
            await self._write(connection, beginning, last=cursor)

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


def _check_turn(connection: Connection) -> None:
    """End a catching-up that another has taken over from, should its cancellation have been lost in a library."""
    if connection.catching_up is not asyncio.current_task():
        raise asyncio.CancelledError
