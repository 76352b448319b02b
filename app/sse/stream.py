"""One open stream: what it still has to be told, and the bytes that its transport has not sent."""

import asyncio
from collections.abc import Iterable

from app.sse.frames import COMMENT, Frame, chunk
from app.sse.metrics import HubMetrics
from jobs.eventid import EventId


class Stream:
    """A connection that receives its owner's events, or those of one job.

    It is held while it catches up: live frames wait in `_held`. From `go_live` on they go straight to the
    transport, several of one turn of the loop in one write.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
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
        self._transport = transport
        self._is_chunked = is_chunked
        self._ends_with_job = ends_with_job
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._held: list[Frame] | None = []
        self._held_bytes = 0
        self._pending: list[bytes] = []
        self.finished: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_held(self) -> bool:
        """Whether live frames wait for the stream to catch up."""
        return self._held is not None

    def hold(self) -> None:
        """Keep live frames back until `go_live`."""
        if self._held is None:
            self._held = []
            self._held_bytes = 0

    def hold_anew(self) -> None:
        """Forget what is held back, which is read from the log again."""
        self._held, self._held_bytes = [], 0

    @property
    def is_overtaken(self) -> bool:
        """Whether something is held back that is of another log than what was read."""
        return any(self.last is not None and frame.id.epoch != self.last.epoch for frame in self._held or ())

    def go_live(self) -> None:
        """Pass on what was held back, and from now on what comes; in one step, so that nothing gets between."""
        held, self._held = self._held or [], None
        for frame in held:
            self.take(frame)

    def take(self, frame: Frame) -> None:
        """A live frame: write it, or hold it back. What the client has already is dropped."""
        if self._held is not None:
            self._held.append(frame)
            self._held_bytes += len(frame.plain)
            if self._held_bytes > self._limit:
                self.drop()
            return
        if self.admit(frame):
            if not self._pending:
                self._loop.call_soon(self._flush)
            self._pending.append(frame.chunked if self._is_chunked else frame.plain)
            self._metrics.delivered.inc()

    def admit(self, frame: Frame) -> bool:
        """Whether the client should get this frame; notes how far it is, and whether the stream ends behind it."""
        if self.finished.done():
            return False
        if self.last is not None and (frame.id.epoch != self.last.epoch or frame.id <= self.last):
            return False
        self.last = frame.id
        is_meant = self.job_id is None or frame.job_id == self.job_id
        if is_meant and frame.is_terminal and self._ends_with_job:
            self._loop.call_soon(self.finish)
        return is_meant

    def comment(self) -> None:
        """A sign of life, where nothing else is being said."""
        if self._held is None and not self._pending:
            self._write([chunk(COMMENT) if self._is_chunked else COMMENT])

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        self._write(pending)

    def _write(self, pieces: Iterable[bytes]) -> None:
        if self._transport.is_closing():
            self.finish()
        elif self._transport.get_write_buffer_size() > self._limit:
            self.drop()
        else:
            self._transport.write(b"".join(pieces))

    def drop(self) -> None:
        """Cut off a client that does not read; it resumes by id when it does."""
        if not self._transport.is_closing():
            self._metrics.dropped.inc()
            self._transport.abort()
        self.finish()

    def finish(self) -> None:
        """End the stream, whatever was written before being sent first."""
        if not self.finished.done():
            if self._pending:
                self._flush()
            if not self.finished.done():
                self.finished.set_result(None)
