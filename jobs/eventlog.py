"""The event log: per user one Redis stream that is appended to and published by one script, and read to resume."""

import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, NamedTuple, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs.clock import Clock
from jobs.eventid import ID_CHARACTERS, EventId
from jobs.scripts import SharedScript

T = TypeVar("T")

Row = tuple[bytes, Sequence[bytes]]
"""An entry of a stream as Redis has it: its id, and names and values in turn."""

_ID = slice(len("id: "), len("id: ") + ID_CHARACTERS)
_END = b"1"
EPOCH_KEY = "mp:epoch"
EARLY = b"early"
PAGE_ENTRIES = 500


class LogUnavailable(Exception):
    """Redis did not answer, or answered that it can't now."""


class CursorGone(Exception):
    """The log no longer holds what came after the cursor; `reason` is for the client's `reset`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Early(Exception):
    """What comes before the event within its job is not told yet."""


class Entry(NamedTuple):
    """One event: `frame` is its wire form, with the line of its id; a mark, to resume from, has none."""

    id: EventId
    job_id: str
    frame: bytes
    is_terminal: bool


@dataclass(frozen=True, slots=True)
class JobMoment:
    """Which event of a job this is: its number among the lifecycle events (0: progress), its attempt, and how far.

    `after` is the number of the lifecycle event that must have been told before; 0 for none.
    """

    number: int
    after: int = 0
    attempt: int = 0
    progress: float | None = None
    message: str | None = None
    is_terminal: bool = False


def frame_of(name: str, data: str) -> bytes:
    """The wire form of an event without its id line; `data` is one line of JSON."""
    return f"event: {name}\ndata: {data}\n\n".encode()


def channel_of(owner: str) -> str:
    """The key of a user's stream, and the channel on which its entries are published."""
    return f"mp:events:{owner}"


def _state_of(subject: str) -> str:
    return f"mp:told:{subject}"


def with_id(id: EventId, frame: bytes) -> bytes:
    """A frame that says where it is in the log (HTML, section 9.2.6). One without an event tells nothing but that."""
    return b"id: %b\n%b" % (id.encode(), frame)


def published_frame(payload: bytes) -> bytes:
    """What goes over the wire of what `publish.lua` published: it stands there in one piece, behind a line."""
    return payload[payload.index(b"\n") + 1 :]


def id_of(frame: bytes) -> EventId:
    """The id of a frame that has one: it is at the beginning."""
    return EventId(frame[_ID], "ascii")


def parse_published(payload: bytes) -> Entry:
    """All that `publish.lua` published of an event."""
    frame = published_frame(payload)
    head = payload[: -len(frame) - 1]
    return Entry(id_of(frame), head[1:].decode(), frame, head.startswith(_END))


class EventLog:
    """Appends and reads. Every method raises `LogUnavailable` when Redis can't serve."""

    def __init__(self, redis: Redis, clock: Clock, *, keep_seconds: int, max_entries: int) -> None:
        self._redis = redis
        self._clock = clock
        self._keep_milliseconds = keep_seconds * 1000
        # The expiry is put off now and then only, and never comes too early for that; see `publish.lua`.
        self._expiry_milliseconds = self._keep_milliseconds * 65 // 64
        self._max_entries = max_entries
        scripts = resources.files("jobs") / "lua"
        self._publish = SharedScript(redis, (scripts / "publish.lua").read_text())
        self._open = SharedScript(redis, (scripts / "open.lua").read_text())
        # What the library makes of entries costs more than reading and parsing them.
        redis.set_response_callback("XRANGE", cast("Any", _as_it_comes))

    def _new_epoch(self) -> str:
        """48 bits of milliseconds and 16 random ones: a log that replaces another gets a later epoch."""
        return f"{int(self._clock().timestamp() * 1000):012x}{secrets.token_hex(2)}"

    async def append(
        self, owner: str, subject: str, job_id: str | None, frame: bytes, moment: JobMoment
    ) -> EventId | None:
        """Tell an event; `subject` is what `moment` counts in: the job's id, or an id of the event's own.

        Telling one again changes nothing and gives the id that it got at first. None: it was refused, for it comes
        after the job's end, from an attempt that was overtaken, or with less progress than was told.
        Raises `Early`.
        """
        keys = [EPOCH_KEY, channel_of(owner), _state_of(subject)]
        arguments: list[Any] = [
            self._new_epoch(),
            frame,
            job_id or "",
            moment.number,
            moment.attempt,
            "" if moment.progress is None else repr(moment.progress),
            moment.message or "",
            "1" if moment.is_terminal else "0",
            self._keep_milliseconds,
            self._max_entries,
            moment.after,
        ]
        epoch, entry = await self._run(lambda: self._publish(keys, arguments))
        if entry == EARLY:
            raise Early
        return EventId.of_entry(epoch.decode(), entry.decode()) if entry else None

    async def open(self, owner: str) -> EventId:
        """The top of the user's stream, to resume from."""
        keys = [EPOCH_KEY, channel_of(owner)]
        epoch, entry = await self._run(lambda: self._open(keys, [self._new_epoch(), self._expiry_milliseconds]))
        return EventId.of_entry(epoch.decode(), entry.decode())

    async def after(self, owner: str, cursor: EventId) -> list[Entry]:
        """The next page of what came after `cursor`, oldest first; short at the top. Raises `CursorGone`."""
        rows = await self._range(owner, cursor)
        if not rows or rows[0][0].decode() != cursor.entry:
            raise CursorGone("log_trimmed")
        return [_entry_of(cursor.epoch, row) for row in rows[1:]]

    async def since(self, owner: str, first: EventId) -> list[Entry]:
        """The page that begins at `first`, or behind it where it is no longer kept. Raises `CursorGone`."""
        return [_entry_of(first.epoch, row) for row in (await self._range(owner, first))[:PAGE_ENTRIES]]

    async def _range(self, owner: str, cursor: EventId) -> Sequence[Row]:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.get(EPOCH_KEY)
        pipeline.xrange(channel_of(owner), min=cursor.entry, count=PAGE_ENTRIES + 1)
        pipeline.pexpire(channel_of(owner), self._expiry_milliseconds)
        epoch: bytes | None
        rows: Sequence[Row]
        epoch, rows, _ = await self._run(pipeline.execute)
        if epoch is None or epoch.decode() != cursor.epoch:
            raise CursorGone("log_replaced")
        return rows

    async def first_of(self, job_id: str) -> EventId | None:
        """The entry with which the log's memory of a job begins; None when it has none."""
        epoch, first = await self._run(lambda: self._pipelined_get(job_id))
        return EventId.of_entry(epoch.decode(), first.decode()) if epoch and first else None

    async def _pipelined_get(self, job_id: str) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.get(EPOCH_KEY)
        pipeline.hget(_state_of(job_id), "first")
        return await pipeline.execute()

    async def forget(self, owner: str) -> None:
        """Remove a user's stream; whoever reads it on is told to start over."""
        await self._run(lambda: self._redis.delete(channel_of(owner)))

    async def progress_of(self, job_ids: Collection[str]) -> dict[str, tuple[int, float | None, str | None]]:
        """The latest told (attempt, progress, message) of jobs; jobs of which nothing was told are left out."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.hmget(_state_of(job_id), ["attempt", "progress", "message"])
        rows = await self._run(pipeline.execute)
        return {
            job_id: (int(attempt), float(progress) if progress else None, message.decode() or None)
            for job_id, (attempt, progress, message) in zip(job_ids, rows, strict=True)
            if attempt is not None
        }

    async def epoch(self) -> str:
        """The log's epoch; a new one on a Redis that was emptied or replaced."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.set(EPOCH_KEY, self._new_epoch(), nx=True)
        pipeline.get(EPOCH_KEY)
        _, epoch = await self._run(pipeline.execute)
        return str(epoch, "ascii")

    async def _run(self, command: Callable[[], Awaitable[T]]) -> T:
        try:
            return await command()
        except (RedisError, OSError) as error:
            raise LogUnavailable(type(error).__name__) from error


def _as_it_comes(rows: Sequence[Row], **_options: Any) -> Sequence[Row]:
    return rows


def _entry_of(epoch: str, row: Row) -> Entry:
    entry, fields = row
    told = EventId.of_entry(epoch, entry.decode())
    if fields[0] != b"frame":
        # Of `open.lua`.
        return Entry(told, "", b"", is_terminal=False)
    # In the order in which `publish.lua` writes them.
    _, frame, _, job_id, _, end = fields
    return Entry(told, job_id.decode(), with_id(told, frame), end == _END)


def json_line(value: Any) -> str:
    """Compact JSON in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
