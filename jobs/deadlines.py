"""Deadlines: until when a job must have ended, and the end of those that waited in the queue for longer."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.database import Database
from jobs.eventlog import LogUnavailable
from jobs.job import Job, Media
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import OVERDUE, dump
from jobs.record import record_of
from jobs.repositories.jobs import JobRepository
from jobs.repositories.queue import QueueRepository
from jobs.salvage import Salvage

BATCH = 100


class Deadlines:
    """Ends jobs that are overdue and at work nowhere; who works on one ends it itself."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        *,
        salvage: Salvage,
        outbox: Outbox,
        metrics: JobMetrics,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._salvage = salvage
        self._outbox = outbox
        self._metrics = metrics

    async def enforce(self) -> int:
        """End what is overdue in the queue; how many. Raises `DatabaseUnavailable`, `StorageError`."""
        async with self._database.reading() as connection:
            late = await self._queue.late(connection, BATCH)
            found = [await self._jobs.get(connection, job_id) for job_id in late]
        for job in filter(None, found):
            expire = partial(self._expire, job=job, stored=await self._salvage.stored(job))
            ended = await self._database.transaction(expire, recall=partial(self._expired, job_id=job.id))
            if ended is not None:
                self._metrics.finished(ended)
        # Without Redis they end all the same; what they have to tell is overdue by a later sweep.
        with suppress(LogUnavailable):
            for job_id in late:
                await self._outbox.tell(job_id)
        return len(late)

    async def _expire(self, connection: AsyncConnection, job: Job, stored: Sequence[Media]) -> Job | None:
        return await self._salvage.give_up(connection, job, "queued", "expire", OVERDUE, stored)

    async def _expired(self, connection: AsyncConnection, job_id: str) -> Job | None:
        job = await self._jobs.get(connection, job_id)
        if job is None:
            return None
        codes = {each.code for each in record_of(job).lacks} if job.status == "succeeded" else set()
        return job if job.error == dump(OVERDUE) or OVERDUE.code in codes else None


def deadline_of(request: Mapping[str, Any], default: timedelta | None) -> timedelta | None:
    """From a job's acceptance on: what its owner asked for, else what holds for its kind; None: no deadline."""
    seconds = request.get("deadlineSeconds")
    return default if seconds is None else timedelta(seconds=seconds)
