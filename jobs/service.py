"""What clients may do to jobs: submit, look, list, cancel, delete."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.background import Background
from jobs.cancelling import Cancelling
from jobs.control import Control
from jobs.database import Database, DatabaseUnavailable
from jobs.errors import JobNotFinished, NotFound
from jobs.gathering import Gathering
from jobs.ids import is_id
from jobs.job import Job, StoredEvent
from jobs.lifecycle import TERMINAL
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import WakeUps
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.submitting import Accepted, Submission, Submitting
from jobs.uploads import Uploads
from jobs.views import Views
from schema.events import Snapshot
from schema.responses import JobKind, JobPage, JobStatus, JobView

SNAPSHOT_WITHIN = timedelta(minutes=15)
SNAPSHOT_JOBS = 200
SNAPSHOTS_AT_ONCE = 16
"""Owners whose jobs are looked up together: each may have as many as a snapshot takes."""


class JobService:
    """Jobs from the client's side. Ids and owners are checked here: somebody else's job is not found."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        events: EventRepository,
        *,
        submitting: Submitting,
        cancelling: Cancelling,
        outbox: Outbox,
        uploads: Uploads,
        views: Views,
        wake_ups: WakeUps,
        control: Control,
        background: Background,
        metrics: JobMetrics,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._events = events
        self._submitting = submitting
        self._cancelling = cancelling
        self._outbox = outbox
        self._uploads = uploads
        self._views = views
        self._wake_ups = wake_ups
        self._control = control
        self._background = background
        self._metrics = metrics
        # Clients that come back all come at once.
        self._recent = Gathering[str, Sequence[Job]](
            self._recent_of, common=(DatabaseUnavailable,), most=SNAPSHOTS_AT_ONCE
        )

    async def submit(self, submission: Submission) -> Accepted:
        """Make a job, once for each idempotency key. Raises `QueueFull`, `IdempotencyKeyReused`."""
        accepted = await self._submitting.accept(submission)
        if accepted.is_replay:
            return accepted
        structlog.contextvars.bind_contextvars(job_id=accepted.job_id)
        self._metrics.submitted(submission.kind)
        # The row is committed: from here on nothing can be lost, and the client need not wait for Redis.
        self._background.start("wake_up", self._wake_ups.send(submission.kind, accepted.job_id))
        self._background.start("tell", self._outbox.tell_these(accepted.untold))
        return accepted

    async def get(self, owner: str, job_id: str) -> JobView:
        """One job of this owner. Raises `NotFound`."""
        async with self._database.reading() as connection:
            return await self._views.job(connection, await self._owned(connection, owner, job_id))

    async def ending(self, owner: str, job_id: str) -> StoredEvent | None:
        """The terminal event of this owner's job; None while it has none. Raises `NotFound`."""
        async with self._database.reading() as connection:
            await self._owned(connection, owner, job_id)
            return await self._events.terminal(connection, job_id)

    async def list(
        self, owner: str, *, status: JobStatus | None, kind: JobKind | None, before: str | None, limit: int
    ) -> JobPage:
        """A page of this owner's jobs, newest first."""
        async with self._database.reading() as connection:
            jobs = await self._jobs.page(connection, owner, status=status, kind=kind, before=before, limit=limit + 1)
            items = await self._views.jobs(connection, jobs[:limit])
        return JobPage(items=items, next_cursor=items[-1].job_id if len(jobs) > limit else None)

    async def snapshot(self, owner: str, job_id: str | None = None) -> Snapshot:
        """This owner's unfinished and recent jobs, or one of them. Raises `NotFound`."""
        jobs: Sequence[Job] = []
        if job_id is None:
            jobs = await self._recent.ask(owner)
            if not jobs:
                return Snapshot(jobs=[], truncated=False)
        async with self._database.reading() as connection:
            if job_id is not None:
                jobs = [await self._owned(connection, owner, job_id)]
            views = await self._views.jobs(connection, jobs[:SNAPSHOT_JOBS])
        return Snapshot(jobs=views, truncated=len(jobs) > SNAPSHOT_JOBS)

    async def _recent_of(self, owners: Sequence[str]) -> Sequence[Sequence[Job]]:
        async with self._database.reading() as connection:
            recent = await self._jobs.recent(connection, set(owners), SNAPSHOT_WITHIN, SNAPSHOT_JOBS + 1)
        return [recent[owner] for owner in owners]

    async def cancel(self, owner: str, job_id: str) -> JobView:
        """Stop a job: at once in the queue, at its provider's next step when at work. Raises `NotFound`."""

        async def work(connection: AsyncConnection) -> tuple[Job, Job | None]:
            job = await self._owned(connection, owner, job_id)
            moved = await self._cancelling.cancel(connection, job)
            return moved or await self._owned(connection, owner, job_id), moved

        job, moved = await self._database.transaction(work)
        if job.status == "cancelling":
            self._background.start("cancel", self._control.cancel(job_id))
        elif moved is not None:
            self._metrics.finished(moved)
            if moved.kind == "upload":
                await self._uploads.discard(moved)
            self._background.start("tell", self._outbox.tell(job_id))
        # Outside of the transaction: a view asks Redis, and no writer waits for that.
        async with self._database.reading() as connection:
            return await self._views.job(connection, job)

    async def delete(self, owner: str, job_id: str) -> None:
        """Forget a finished job; its media stay. Raises `NotFound`, `JobNotFinished`, `LogUnavailable`."""
        async with self._database.reading() as connection:
            job = await self._owned(connection, owner, job_id)
        if job.status not in TERMINAL:
            raise JobNotFinished(f"the job is {job.status}")
        # Its worker tells its end after the commit, and could not once it is forgotten: open streams would wait on.
        await self._outbox.tell(job_id)
        await self._database.transaction(partial(self._forget, job_id=job_id))

    async def _forget(self, connection: AsyncConnection, job_id: str) -> None:
        await self._jobs.delete_finished(connection, job_id)
        await self._events.delete_of(connection, [job_id])
        await self._uploads.forget(connection, [job_id])

    async def _owned(self, connection: AsyncConnection, owner: str, job_id: str) -> Job:
        job = await self._jobs.get(connection, job_id) if is_id(job_id) else None
        if job is None or job.owner != owner:
            raise NotFound("there is no such job")
        return job
