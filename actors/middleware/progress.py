"""Progress: every message gets a reporter that counts real units and publishes each whole percent once, in order."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import dramatiq
import structlog
from dramatiq.broker import Broker, MessageProxy

from actors.screen import Screen
from jobs.background import stop
from jobs.database import DatabaseUnavailable
from jobs.eventlog import LogUnavailable
from jobs.job import Lease
from jobs.leases import LeaseService
from jobs.previews import Previews

log = structlog.get_logger(__name__)

STEP_PERCENT = 1.0
MESSAGE_CHARACTERS = 200

Step = tuple[float | None, str | None]


class ProgressReporter:
    """Implements the providers' `Reporter`. A job's units are its provider's and one for each file to be stored."""

    def __init__(self, leases: LeaseService, screen: Screen) -> None:
        self._leases = leases
        self._screen = screen
        self._files = 0
        self._stored = 0
        self._done = 0
        self._total = 0
        self._noted = -STEP_PERCENT
        self._steps: asyncio.Queue[Step] = asyncio.Queue()
        self._start_is_told = False
        self.latest: Step = (None, None)

    def expect(self, files: int) -> None:
        """Count `files` that will be stored among the job's units."""
        self._files = files

    def units(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` units of the provider's work are finished."""
        self._done, self._total = done, total
        self._note(message[:MESSAGE_CHARACTERS] or None)

    def phase(self, message: str) -> None:
        """Something of unknown size is going on."""
        step = (None, message[:MESSAGE_CHARACTERS])
        if step != self.latest:
            self.latest = step
            self._steps.put_nowait(step)

    def queued(self, position: int | None) -> None:
        """The request waits at the provider."""
        self.phase("Queued at the provider" + (f" (number {position})" if position else ""))

    def preview(self, content: bytes, content_type: str) -> None:
        """A picture of what is not finished."""
        if self._screen.take(content, content_type):
            self._steps.put_nowait(self.latest)

    def stored(self, thumbnail: str | None = None) -> None:
        """One more file is in the store, and its thumbnail at this path: that is shown while others are to come."""
        self._stored += 1
        if thumbnail is not None and self._stored < self._files:
            self._screen.take_stored(thumbnail)
        self._note(f"Stored {self._stored} of {self._files}")

    def _note(self, message: str | None) -> None:
        done, total = self._done + self._stored, self._total + self._files
        # Rounded down: 100 means that the last unit is done, and nothing less.
        percent = math.floor(10_000 * done / total) / 100
        self.latest = (percent, message)
        if self._screen.is_fresh or percent - self._noted >= STEP_PERCENT or (done == total and percent > self._noted):
            self._noted = percent
            self._steps.put_nowait(self.latest)

    @asynccontextmanager
    async def telling(self, lease: Lease, may_speak: Callable[[], bool]) -> AsyncIterator[None]:
        """Publish what is noted until the context ends; when it ends well, all that was noted by then.

        `may_speak` says whether the lease still holds: a run that was overtaken keeps silent.
        """
        task = asyncio.create_task(self._run(lease, may_speak), name=f"progress-{lease.job.id}")
        try:
            yield
            await self._steps.join()
        finally:
            await stop(task)
            await self._screen.clear(lease)

    async def _run(self, lease: Lease, may_speak: Callable[[], bool]) -> None:
        await self._guarded(self._tell_start(lease))
        while True:
            step = await self._steps.get()
            try:
                if may_speak():
                    await self._guarded(self._tell(lease, step))
            finally:
                self._steps.task_done()

    async def _guarded(self, telling: Coroutine[Any, Any, None]) -> None:
        try:
            await telling
        except (LogUnavailable, DatabaseUnavailable) as error:
            # Progress is no row: what can't be told now is overtaken by the next step.
            log.debug("progress_untold", error=type(error).__name__)
        except Exception:
            log.exception("progress_failed")

    async def _tell_start(self, lease: Lease) -> None:
        """Nobody hears of progress before the start; after a failure the next step tries again."""
        if not self._start_is_told:
            await self._leases.tell_start(lease)
            self._start_is_told = True

    async def _tell(self, lease: Lease, step: Step) -> None:
        await self._tell_start(lease)
        await self._screen.refresh(lease)
        await self._leases.tell_progress(lease, *step, self._screen.url)


class Progress(dramatiq.Middleware):
    """Opens a reporter for every message; the actor that claims a job speaks through it."""

    def __init__(self, leases: LeaseService, previews: Previews) -> None:
        self._leases = leases
        self._previews = previews
        self._of_message: ContextVar[ProgressReporter] = ContextVar("progress_reporter")

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        # The worker thread's context is what the actor's coroutine starts with.
        self._of_message.set(ProgressReporter(self._leases, Screen(self._previews)))

    @property
    def reporter(self) -> ProgressReporter:
        """The current message's reporter."""
        return self._of_message.get()
