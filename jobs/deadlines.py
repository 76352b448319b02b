"""Deadlines: until when a job must have ended, and the end of those that waited in the queue for longer."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.database import Database
from jobs.eventlog import LogUnavailable
from jobs.janitor import Janitor
from jobs.job import Job
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import OVERDUE, dump
from jobs.repositories.jobs import JobRepository
from jobs.repositories.queue import QueueRepository

BATCH = 100


class Deadlines:
    """Ends jobs that are overdue and at work nowhere; who works on one ends it itself."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        *,
        announcer: Announcer,
        outbox: Outbox,
        janitor: Janitor,
        metrics: JobMetrics,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._announcer = announcer
        self._outbox = outbox
        self._janitor = janitor
        self._metrics = metrics

    async def enforce(self) -> int:
        """End what is overdue in the queue; how many. Raises `DatabaseUnavailable`."""
        async with self._database.reading() as connection:
            late = await self._queue.late(connection, BATCH)
        for job_id in late:
            job = await self._database.transaction(
                partial(self._expire, job_id=job_id), recall=partial(self._expired, job_id=job_id)
            )
            if job is not None:
                self._metrics.finished(job)
        # Without Redis they end all the same; what they have to tell is overdue by a later sweep.
        with suppress(LogUnavailable):
            for job_id in late:
                await self._outbox.tell(job_id)
        return len(late)

    async def _expire(self, connection: AsyncConnection, job_id: str) -> Job | None:
        job = await self._jobs.move(connection, job_id, "queued", "expire", error=dump(OVERDUE))
        if job is not None:
            await self._janitor.note_outputs(connection, job)
            await self._announcer.failed(connection, job, OVERDUE)
        return job

    async def _expired(self, connection: AsyncConnection, job_id: str) -> Job | None:
        job = await self._jobs.get(connection, job_id)
        return job if job is not None and job.error == dump(OVERDUE) else None


def deadline_of(request: Mapping[str, Any], default: timedelta | None) -> timedelta | None:
    """From a job's acceptance on: what its owner asked for, else what holds for its kind; None: no deadline."""
    seconds = request.get("deadlineSeconds")
    return default if seconds is None else timedelta(seconds=seconds)
