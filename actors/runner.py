"""The runner takes one job from claim to end: it holds the lease, works, stores, and writes how it ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import structlog

from actors.gate import Gate
from actors.heartbeat import Heartbeat
from actors.ledger import Ledger
from actors.middleware.cancellation import Cancellation, StopSignal
from actors.middleware.metrics import Metrics
from actors.middleware.progress import Progress, ProgressReporter
from actors.scratch import ScratchRooms
from actors.work import Deferred, Refused, Run, Work
from jobs.database import DatabaseUnavailable
from jobs.job import Failure, Lease, Media
from jobs.leases import LeaseLost, LeaseService
from jobs.policies import OVERDUE
from jobs.tracing import NO_TRACING, Attributes, Tracing, log_fields, trace_of
from schema.problems import PROBLEMS
from schema.responses import JobKind
from storage.store import StorageError, StorageFull

log = structlog.get_logger(__name__)

LOST_WORKERS_UNTIL_ALONE = 2
INSIST_SECONDS = 0.2
RELEASE_SECONDS = 10.0

Ending = Literal["succeeded", "failed", "cancelled", "released", "deferred", "lost"]


class Runner:
    """Runs jobs; several at once, each in a task of its own."""

    def __init__(
        self,
        leases: LeaseService,
        works: Mapping[JobKind, Work],
        *,
        progress: Progress,
        cancellation: Cancellation,
        metrics: Metrics,
        tracing: Tracing = NO_TRACING,
        scratch: Path | None = None,
    ) -> None:
        self._leases = leases
        self._works = works
        self._progress = progress
        self._cancellation = cancellation
        self._metrics = metrics
        self._tracing = tracing
        self._rooms = ScratchRooms(scratch)
        self._gate = Gate()
        self._is_draining = False
        self._active = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def work(self, kind: JobKind) -> Ending | None:
        """Claim the next job of this kind and see it through; None when there is none."""
        if self._is_draining:
            return None
        self._active += 1
        self._is_idle.clear()
        try:
            # A process can be stopped at any line: the lease began no sooner than this.
            asked_at = asyncio.get_running_loop().time()
            lease = await self._leases.claim(kind)
            return None if lease is None else await self._run_seated(lease, asked_at)
        except DatabaseUnavailable:
            # The job stays queued, and the sweeper wakes somebody for it.
            return None
        finally:
            self._active -= 1
            if not self._active:
                self._is_idle.set()

    async def drain(self, grace_seconds: float) -> None:
        """Claim nothing more, wait for what runs, and after the grace give the rest back to the queue."""
        self._is_draining = True
        try:
            await self._wait(grace_seconds)
        finally:
            self._rooms.close()

    async def _wait(self, grace_seconds: float) -> None:
        for seconds in (grace_seconds, RELEASE_SECONDS):
            try:
                async with asyncio.timeout(seconds):
                    await self._is_idle.wait()
            except TimeoutError:
                self._cancellation.stop_all("released")
            else:
                return

    async def _run_seated(self, lease: Lease, asked_at: float) -> Ending:
        try:
            return await self._run(lease, asked_at)
        finally:
            await self._leases.leave(lease)

    async def _run(self, lease: Lease, asked_at: float) -> Ending:
        job = lease.job
        begun = time.monotonic()
        reporter = self._progress.reporter
        # The row says where the job comes from: the message that woke this worker may have been about another.
        origin = job.origin or {}
        about: Attributes = {"media.job.id": job.id, "media.job.kind": job.kind, "media.job.claim": job.claims}
        with (
            self._tracing.span("job run", "consumer", about, trace_of(origin)) as span,
            structlog.contextvars.bound_contextvars(
                job_id=job.id, claim=job.claims, **log_fields(self._tracing, origin)
            ),
            self._cancellation.watch(job.id) as stop,
        ):
            heartbeat = Heartbeat(self._leases, lease, stop, lambda: reporter.latest, asked_at)
            async with heartbeat.beating(), stopping_when_overdue(lease, stop, asked_at):
                if self._is_draining:
                    stop.give("released")
                ending = await self._work_until_stopped(lease, stop, reporter, heartbeat)
            span.note({"media.job.ending": ending})
            log.info("run_ended", ending=ending, kind=job.kind)
        self._metrics.run_ended(job.kind, job.request.get("model", ""), ending, time.monotonic() - begun)
        return ending

    async def _work_until_stopped(
        self, lease: Lease, stop: StopSignal, reporter: ProgressReporter, heartbeat: Heartbeat
    ) -> Ending:
        ledger = Ledger(self._leases, lease, goes_on=lambda: stop.reason in {"released", "lost"})
        work = asyncio.create_task(self._do(lease, reporter, heartbeat, ledger), name=f"work-{lease.job.id}")
        stop.bind(work.cancel)
        try:
            media = await work
            return await self._insist(heartbeat, lambda: self._end_succeeded(lease, media, ledger))
        except asyncio.CancelledError:
            if stop.reason is None:
                # Nobody here asked for it: Dramatiq interrupts the thread. The job goes back.
                work.cancel()
                stop.give("released")
            return await self._insist(heartbeat, lambda: self._end_stopped(lease, stop, ledger))
        except LeaseLost:
            return "lost"
        except Deferred as deferred:
            pause = timedelta(seconds=deferred.seconds)
            return await self._insist(heartbeat, lambda: self._end_deferred(lease, pause, ledger))
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the job gets an end
            failure = failure_of(error)
            return await self._insist(heartbeat, lambda: self._end_failed(lease, stop, failure, ledger))

    async def _insist(self, heartbeat: Heartbeat, end: Callable[[], Awaitable[Ending]]) -> Ending:
        """Write the end, again and again for as long as the lease holds: the work is done and not to be lost."""
        while True:
            try:
                return await end()
            except DatabaseUnavailable:
                if not heartbeat.is_valid:
                    return "lost"
                await asyncio.sleep(INSIST_SECONDS)

    async def _end_succeeded(self, lease: Lease, media: list[Media], ledger: Ledger) -> Ending:
        if await self._leases.succeed(lease, media, ledger.changed):
            return "succeeded"
        # A cancel came after the last unit, or the lease is lost; in both cases the results go.
        return await self._end_cancelled(lease, ledger)

    async def _end_failed(self, lease: Lease, stop: StopSignal, failure: Failure, ledger: Ledger) -> Ending:
        if stop.reason == "cancelled":
            return await self._end_cancelled(lease, ledger)
        if ledger.media and not lease.job.may_try_again(failure):
            # What there is is not thrown away for what there is not.
            ledger.miss_the_rest(failure.code, failure.message)
            return await self._end_succeeded(lease, ledger.media, ledger)
        if await self._leases.fail(lease, failure, ledger.changed):
            return "failed"
        return await self._end_cancelled(lease, ledger)

    async def _end_stopped(self, lease: Lease, stop: StopSignal, ledger: Ledger) -> Ending:
        if stop.reason == "lost":
            return "lost"
        if stop.reason == "overdue" and ledger.media:
            ledger.miss_the_rest(OVERDUE.code, OVERDUE.message)
            return await self._end_succeeded(lease, ledger.media, ledger)
        if stop.reason == "overdue" and await self._leases.expire(lease, ledger.changed):
            return "failed"
        if stop.reason == "released" and await self._leases.release(lease, ledger.changed):
            return "released"
        return await self._end_cancelled(lease, ledger)

    async def _end_deferred(self, lease: Lease, pause: timedelta, ledger: Ledger) -> Ending:
        if await self._leases.release(lease, ledger.changed, pause):
            return "deferred"
        return await self._end_cancelled(lease, ledger)

    async def _end_cancelled(self, lease: Lease, ledger: Ledger) -> Ending:
        return "cancelled" if await self._leases.stop(lease, ledger.changed) else "lost"

    async def _do(self, lease: Lease, reporter: ProgressReporter, heartbeat: Heartbeat, ledger: Ledger) -> list[Media]:
        job = lease.job
        async with (
            self._gate.admit(alone=job.lost_workers >= LOST_WORKERS_UNTIL_ALONE),
            reporter.telling(lease, lambda: heartbeat.is_valid),
        ):
            with self._rooms.room() as scratch:
                run = Run(job, reporter, scratch, lambda: heartbeat.is_valid, ledger, lease.seat)
                return await self._works[job.kind](run)


@asynccontextmanager
async def stopping_when_overdue(lease: Lease, stop: StopSignal, asked_at: float) -> AsyncIterator[None]:
    """Have the work stopped when the job's deadline comes. `asked_at` is the loop's time before the lease was given."""
    if lease.seconds_left is None:
        yield
        return
    timer = asyncio.get_running_loop().call_at(asked_at + lease.seconds_left, stop.give, "overdue")
    try:
        yield
    finally:
        timer.cancel()


def failure_of(error: Exception) -> Failure:
    """What the job's owner is told of an error: never more than the catalogue says of our own mistakes."""
    match error:
        case Refused():
            return Failure(error.code, error.message, error.retryable, error.retry_after)
        case StorageFull():
            return Failure("storage_full", PROBLEMS["storage_full"].title, retryable=False)
        case StorageError():
            return Failure("dependency_unavailable", PROBLEMS["dependency_unavailable"].title, retryable=True)
        case _:
            log.error("run_failed", exc_info=error)
            return Failure("internal_error", PROBLEMS["internal_error"].title, retryable=True)
