"""The progress reporter of one run: it counts real units, and tells each whole percent once, in order."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from jobs.database import DatabaseUnavailable
from jobs.eventlog import LogUnavailable
from jobs.job import Lease
from jobs.leases import LeaseService

log = structlog.get_logger(__name__)

STEP_PERCENT = 1.0


class ProgressReporter:
    """Implements the providers' `Reporter`. A job's units are its provider's and one for each file stored."""

    def __init__(self, leases: LeaseService, lease: Lease, files: int, may_speak: Callable[[], bool]) -> None:
        self._leases = leases
        self._lease = lease
        self._files = files
        self._may_speak = may_speak
        self._stored = 0
        self._done = 0
        self._total = 0
        self._told = -STEP_PERCENT
        self._waiting: asyncio.Queue[tuple[float | None, str | None]] = asyncio.Queue()
        self._start_is_told = False
        self.latest: tuple[float | None, str | None] = (None, None)

    def units(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` units of the provider's work are finished."""
        self._done, self._total = done, total
        self._note(message or None)

    def phase(self, message: str) -> None:
        """Something of unknown size is going on."""
        if (None, message) != self.latest:
            self.latest = (None, message)
            self._waiting.put_nowait(self.latest)

    def stored(self) -> None:
        """One more file is in the store."""
        self._stored += 1
        # A provider that names phases only has no units; its files are some all the same.
        self._note(f"stored {self._stored} of {self._files}")

    def _note(self, message: str | None) -> None:
        done, total = self._done + self._stored, self._total + self._files
        # Rounded down: 100 means that the last unit is done, and nothing less.
        percent = math.floor(10_000 * done / total) / 100
        self.latest = (percent, message)
        if percent - self._told >= STEP_PERCENT or (done == total and percent > self._told):
            self._told = percent
            self._waiting.put_nowait(self.latest)

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Tell what is noted until the context ends, and what is noted by then before it ends well."""
        task = asyncio.create_task(self._run(), name=f"progress-{self._lease.job.id}")
        try:
            yield
            await self._waiting.join()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        await self._guarded(self._tell_start())
        while True:
            progress, message = await self._waiting.get()
            try:
                await self._guarded(self._tell(progress, message))
            finally:
                self._waiting.task_done()

    async def _guarded(self, telling: Coroutine[Any, Any, None]) -> None:
        try:
            await telling
        except (LogUnavailable, DatabaseUnavailable) as error:
            # Progress is no row: what can't be told now is overtaken by the next.
            log.debug("progress_untold", error=type(error).__name__)
        except Exception:
            log.exception("progress_failed")

    async def _tell_start(self) -> None:
        """Nobody hears of progress before the start; after a failure the next step tries again."""
        if not self._start_is_told:
            await self._leases.tell_start(self._lease)
            self._start_is_told = True

    async def _tell(self, progress: float | None, message: str | None) -> None:
        if self._may_speak():
            await self._tell_start()
            await self._leases.tell_progress(self._lease, progress, message)
