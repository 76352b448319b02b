"""One open stream: what it still has to be told, and the bytes that its transport has not sent.

It is its transport's protocol, too: the HTTP server that took the request has no more to do with the connection.
"""

import asyncio
from collections.abc import Callable, Sequence

from app.sse.frames import COMMENT, LAST_CHUNK, Batch, chunk
from app.sse.metrics import HubMetrics
from jobs.eventid import EPOCH_CHARACTERS, EventId
from jobs.eventlog import Entry


def _nobody_asks() -> None:
    """What happens at the end of a stream that nobody keeps."""


class Stream(asyncio.Protocol):
    """A connection that receives its owner's events, or those of one job.

    It is held while it catches up: live frames wait in `_held`. From `go_live` on they go straight to the transport.
    Thousands of them are open, so there is no task, no queue and no future for each.
    """

    __slots__ = (
        "_drained",
        "_ends_with_job",
        "_finished",
        "_held",
        "_held_bytes",
        "_is_chunked",
        "_is_paused",
        "_keeps",
        "_limit",
        "_metrics",
        "_transport",
        "end",
        "is_finished",
        "job_id",
        "last",
        "on_finish",
    )

    def __init__(
        self,
        metrics: HubMetrics,
        *,
        is_chunked: bool,
        job_id: str | None,
        ends_with_job: bool,
        limit: int,
    ) -> None:
        self._metrics = metrics
        self.last: EventId | None = None
        self.job_id = job_id
        self.end: asyncio.TimerHandle | None = None
        self.on_finish: Callable[[], None] = _nobody_asks
        self.is_finished = False
        self._transport: asyncio.Transport | None = None
        self._is_chunked = is_chunked
        self._ends_with_job = ends_with_job
        self._limit = limit
        self._held: list[Entry] | None = []
        self._held_bytes = 0
        self._keeps = False
        self._is_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._finished: asyncio.Future[None] | None = None

    @property
    def finished(self) -> "asyncio.Future[None]":
        """Done when the stream has ended."""
        if self._finished is None:
            self._finished = asyncio.get_running_loop().create_future()
            if self.is_finished:
                self._finished.set_result(None)
        return self._finished

    @property
    def is_held(self) -> bool:
        """Whether live frames wait for the stream to catch up."""
        return self._held is not None

    def begin(self, transport: asyncio.Transport) -> None:
        """Speak on this connection, on which the response's head was sent."""
        self._transport = transport

    def hold(self) -> None:
        """Have live events wait until `go_live`. They are in the log: none is kept before it is read, from now on."""
        self._held, self._held_bytes, self._keeps = [], 0, False

    def keep(self) -> None:
        """Keep what comes from now on: all that came before is about to be read from the log."""
        self._held, self._held_bytes, self._keeps = [], 0, True

    @property
    def is_behind(self) -> bool:
        """Whether something came that was not kept, or that is of another log than what was read."""
        return not self._keeps or any(
            self.last is not None and entry.id.epoch != self.last.epoch for entry in self._held or ()
        )

    def go_live(self) -> None:
        """Pass on what was held back, and from now on what comes; in one step, so that nothing gets between."""
        held, self._held = self._held or [], None
        self._metrics.delivered.inc(self._tell(held))

    def take(self, batch: Batch) -> int | None:
        """Live frames: write them, or hold them back; how many were written. What the client has is dropped.

        None where they are of another log than what the client has, and nothing was done with them.
        """
        last = self.last
        if self._held is not None:
            self._hold_back(batch)
            return 0
        first = batch.first
        if last is None or last[:EPOCH_CHARACTERS] != first[:EPOCH_CHARACTERS]:
            return None
        if last < first and self.job_id is None:
            self.last = batch.last
            self._write(batch.chunked if self._is_chunked else batch.plain)
            return len(batch)
        return self._tell(batch.entries)

    def admit(self, entry: Entry) -> bool:
        """Whether the client should get this event; notes how far it is, and whether the stream ends behind it."""
        if self.is_finished:
            return False
        if self.last is not None and (entry.id.epoch != self.last.epoch or entry.id <= self.last):
            return False
        self.last = entry.id
        is_meant = self.job_id is None or entry.job_id == self.job_id
        if is_meant and entry.is_terminal and self._ends_with_job:
            # What is written with it comes first.
            asyncio.get_running_loop().call_soon(self.finish)
        return is_meant

    def comment(self) -> None:
        """A sign of life, where nothing else is being said."""
        if self._held is None:
            self._write(self._encoded(COMMENT))

    async def send(self, data: bytes) -> None:
        """Write what is read for this stream alone, and wait for a client that is slow. Raises `ConnectionError`."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(self._encoded(data))
        if self._is_paused:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def drop(self) -> None:
        """Cut off a client that does not read; it resumes by id when it does."""
        if self._transport is not None and not self._transport.is_closing():
            self._metrics.dropped.inc()
            self._transport.abort()
        self.finish()

    def finish(self) -> None:
        """End the stream, whatever was written before being sent first."""
        if self.is_finished:
            return
        self.is_finished = True
        if self._transport is not None and not self._transport.is_closing():
            if self._is_chunked:
                self._transport.write(LAST_CHUNK)
            self._transport.close()
        if self.end is not None:
            self.end.cancel()
            self.end = None
        self._wake(self._drained)
        self._wake(self._finished)
        self.on_finish()
        # It knows the hub's entry, which knows this stream: together they would wait for a collection of garbage.
        self.on_finish = _nobody_asks

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the signature is asyncio's
        self.finish()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._wake(self._drained)

    def _hold_back(self, batch: Batch) -> None:
        assert self._held is not None  # noqa: S101  # it is what was asked for
        if not self._keeps:
            return
        self._held += batch.entries
        self._held_bytes += len(batch.plain)
        if self._held_bytes > self._limit:
            # It is all in the log, from which this stream is reading anyway.
            self.hold()

    def _tell(self, entries: Sequence[Entry]) -> int:
        """Write those of the events that are meant for this client and that it has not; how many they are."""
        if pieces := [entry.frame for entry in entries if self.admit(entry)]:
            self._write(self._encoded(b"".join(pieces)))
        return len(pieces)

    def _encoded(self, data: bytes) -> bytes:
        return chunk(data) if self._is_chunked else data

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            self.finish()
        elif transport.get_write_buffer_size() > self._limit:
            self.drop()
        else:
            transport.write(data)

    @staticmethod
    def _wake(waiter: "asyncio.Future[None] | None") -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
