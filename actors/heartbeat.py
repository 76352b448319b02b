"""The heartbeat of one job: it prolongs the lease, carries progress into the row, and learns when to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from actors.middleware.cancellation import StopSignal
from jobs.background import stop
from jobs.database import DatabaseUnavailable
from jobs.job import Lease
from jobs.leases import LeaseService

log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 3
RETRY_SECONDS = 0.2

Progress = tuple[float | None, str | None]


class Heartbeat:
    """Holds a lease. It is lost when the database says so, or when nobody could be asked for its whole length."""

    def __init__(
        self,
        leases: LeaseService,
        lease: Lease,
        stop: StopSignal,
        progress: Callable[[], Progress],
        asked_at: float,
    ) -> None:
        """`asked_at` is the loop's time when the lease was asked for."""
        self._leases = leases
        self._lease = lease
        self._stop = stop
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._valid_until = asked_at + leases.duration.total_seconds()

    @property
    def is_valid(self) -> bool:
        """Whether the lease holds for sure; a process that was stopped for longer must not speak for the job."""
        return self._loop.time() < self._valid_until and self._stop.reason != "lost"

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Beat until the context ends."""
        task = asyncio.create_task(self._run(), name=f"heartbeat-{self._lease.job.id}")
        try:
            yield
        finally:
            await stop(task)

    async def _run(self) -> None:
        every = self._leases.duration.total_seconds() / BEATS_PER_LEASE
        pause = every
        while self._stop.reason != "lost":
            await asyncio.sleep(pause)
            pause = every if await self._beat() else min(RETRY_SECONDS, every)

    async def _beat(self) -> bool:
        """One beat; False when the database could not be asked and it is worth to ask again."""
        asked_at = self._loop.time()
        try:
            status = await self._leases.heartbeat(self._lease, *self._progress())
        except DatabaseUnavailable:
            if self._loop.time() >= self._valid_until:
                self._stop.give("lost")
                return True
            return False
        match status:
            case None:
                log.warning("lease_lost")
                self._stop.give("lost")
            case "cancelling":
                self._valid_until = asked_at + self._leases.duration.total_seconds()
                self._stop.give("cancelled")
            case _:
                self._valid_until = asked_at + self._leases.duration.total_seconds()
        return True
