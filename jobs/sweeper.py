"""The sweeper: a loop in every process that repairs what got stuck. No leader, no cron; every repair may run twice."""

import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import get_args

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.alarm import Alarm
from jobs.database import Database, DatabaseUnavailable
from jobs.deadlines import Deadlines
from jobs.eventlog import EventLog, LogUnavailable
from jobs.janitor import Janitor
from jobs.job import Job, Media
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import CANCELLED, WakeUps
from jobs.repositories.chores import IdempotencyRepository
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.queue import QueueRepository
from jobs.salvage import Salvage
from jobs.uploads import Uploads
from schema.problems import PROBLEMS
from schema.responses import JobError, JobKind
from storage.store import StorageError

log = structlog.get_logger(__name__)

BATCH = 100
STALE_WAKE_UP = timedelta(seconds=10)
KEYS_KEPT = timedelta(hours=24)
TIDY_EVERY = 12
TIDY_BATCH = 300
WORKER_LOST = JobError(code="worker_lost", message=PROBLEMS["worker_lost"].title, retryable=True)


def _is_last(job: Job) -> bool:
    """Whether no attempt comes after the one that is lost."""
    return job.status == "running" and job.attempts >= job.max_attempts


@dataclass(frozen=True, slots=True)
class SweepPolicy:
    """How often to look (seconds, jittered by half), and how long finished jobs are kept."""

    every_seconds: float
    jobs_kept: timedelta
    events_kept: timedelta


class Sweeper:
    """Finds lapsed leases, jobs not woken or overdue, untold events, garbage, and what is past its keeping."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        events: EventRepository,
        keys: IdempotencyRepository,
        *,
        salvage: Salvage,
        outbox: Outbox,
        janitor: Janitor,
        uploads: Uploads,
        deadlines: Deadlines,
        log: EventLog,
        wake_ups: WakeUps,
        policy: SweepPolicy,
        alarm: Alarm,
        metrics: JobMetrics,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._events = events
        self._keys = keys
        self._salvage = salvage
        self._outbox = outbox
        self._janitor = janitor
        self._uploads = uploads
        self._deadlines = deadlines
        self._log = log
        self._wake_ups = wake_ups
        self._policy = policy
        self._alarm = alarm
        self._epoch = ""
        self._rounds = 0
        self._metrics = metrics

    async def run(self) -> None:
        """Sweep until cancelled; again when a retry is due, and after a while at the latest."""
        while True:
            await self.sweep()
            await self._alarm.wait(await self._pause())

    async def _pause(self) -> float:
        pause = self._policy.every_seconds * random.uniform(0.5, 1.5)  # noqa: S311  # jitter, no secret
        try:
            async with self._database.reading() as connection:
                due = await self._queue.seconds_until_due(connection)
        except DatabaseUnavailable:
            return pause
        return pause if due is None else min(pause, due)

    async def sweep(self) -> None:
        """Do every repair once; one that fails does not keep the others from running."""
        repairs: dict[str, Callable[[], Awaitable[int]]] = {
            "lapsed_lease": self.return_lapsed,
            "lost_wake_up": self._wake_due,
            "untold_event": self._outbox.tell_overdue,
            "expired_upload": self._uploads.expire,
            "overdue_job": self._deadlines.enforce,
            "garbage": self._janitor.work_off,
        }
        self._rounds += 1
        if self._rounds % TIDY_EVERY == 1:
            repairs["expired"] = self._tidy
        for name, repair in repairs.items():
            try:
                count = await repair()
            except (DatabaseUnavailable, LogUnavailable, StorageError) as error:
                log.info("sweep_incomplete", repair=name, error=type(error).__name__)
            except Exception:
                log.exception("sweep_failed", repair=name)
            else:
                if count:
                    self._metrics.repaired(name, count)
                    log.info("swept", repair=name, count=count)

    async def return_lapsed(self, *, everything: bool = False) -> int:
        """Take jobs from workers that fell silent; with `everything` from all, when none of them can be alive."""
        async with self._database.reading() as connection:
            lapsed = await self._queue.lapsed(connection, BATCH, everything=everything)
        for job in lapsed:
            stored = await self._salvage.stored(job) if _is_last(job) else []
            take_back = partial(self._take_back, job=job, everything=everything, stored=stored)
            ended = await self._database.transaction(take_back)
            if ended is not None:
                self._metrics.finished(ended)
        # Without Redis the jobs go back all the same; what they have to tell is overdue by a later sweep.
        with contextlib.suppress(LogUnavailable):
            for job in lapsed:
                await self._outbox.tell(job.id)
        return len(lapsed)

    async def _take_back(
        self, connection: AsyncConnection, job: Job, *, everything: bool, stored: Sequence[Media]
    ) -> Job | None:
        """The lapse of one lease; the job, if that is its end.

        The conditions are checked again, for the worker may have come back.
        """
        lapsed = None if everything else self._jobs.moment(timedelta())
        if job.status == "cancelling":
            return await self._salvage.give_up(
                connection, job, "cancelling", "lapse", CANCELLED, stored, lapsed_at=lapsed
            )
        if _is_last(job):
            return await self._salvage.give_up(
                connection, job, "running", "fail", WORKER_LOST, stored, lapsed_at=lapsed
            )
        await self._jobs.move(
            connection,
            job.id,
            "running",
            "lapse",
            lapsed_at=lapsed,
            lost_workers=job.lost_workers + 1,
            progress=None,
            message=None,
            run_at=self._jobs.due(),
            woken_at=None,
        )
        return None

    async def _wake_due(self) -> int:
        """Send wake-ups for due jobs that no fresh one stands for, but never more than there are jobs waiting."""
        epoch = await self._log.epoch()
        # Another epoch: Redis was emptied or replaced since the last look, and every wake-up in it is gone.
        stale = STALE_WAKE_UP if epoch == self._epoch else timedelta()
        sent = 0
        for kind in get_args(JobKind):
            sent += await self._wake(kind, stale)
        # Noted last: where the sending broke off, the next sweep does not take what is missing for fresh.
        self._epoch = epoch
        return sent

    async def _wake(self, kind: JobKind, stale: timedelta) -> int:
        async with self._database.reading() as connection:
            due = await self._queue.count_due(connection, kind, BATCH)
        missing = due - await self._wake_ups.waiting(kind) if due else 0
        if missing <= 0:
            return 0
        async with self._database.reading() as connection:
            overdue = await self._queue.overdue(connection, kind, stale, missing)
        if not overdue:
            return 0

        async def all_of_them(_connection: AsyncConnection) -> Sequence[str]:
            # They may be marked already: woken once more is better than marked and not woken.
            return overdue

        wake = partial(self._queue.wake, ids=overdue, stale=stale)
        woken = await self._database.transaction(wake, recall=all_of_them)
        for job_id in woken:
            await self._wake_ups.send(kind, job_id)
        return len(woken)

    async def _tidy(self) -> int:
        """Remove jobs, events and idempotency keys past their keeping."""
        async with self._database.stale_reading() as connection:
            events = await self._events.jobless(connection, self._policy.events_kept, TIDY_BATCH)
            keys = await self._keys.older(connection, KEYS_KEPT, TIDY_BATCH)
            jobs = await self._jobs.finished_before(connection, self._policy.jobs_kept, TIDY_BATCH)
        await self._database.transaction(partial(self._forget, events=events, keys=keys, jobs=jobs))
        return len(keys) + len(jobs)

    async def _forget(
        self, connection: AsyncConnection, events: Sequence[str], keys: Sequence[tuple[str, str]], jobs: Sequence[str]
    ) -> None:
        await self._events.delete_all(connection, events)
        await self._keys.delete_all(connection, keys)
        await self._events.delete_of(connection, jobs)
        await self._uploads.forget(connection, jobs)
        await self._jobs.delete_all(connection, jobs)
