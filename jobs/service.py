"""What clients may do to jobs: submit, look, list, cancel, delete."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.background import Background
from jobs.control import Control
from jobs.database import Database
from jobs.deadlines import deadline_of
from jobs.errors import IdempotencyKeyReused, JobNotFinished, NotFound
from jobs.eventlog import json_line
from jobs.ids import is_id, new_id
from jobs.janitor import Janitor
from jobs.job import Job
from jobs.lifecycle import TERMINAL
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import CANCELLED, Limits, WakeUps, check_load, check_room, dump
from jobs.repositories.chores import IdempotencyRepository
from jobs.repositories.events import EventRepository, StoredEvent
from jobs.repositories.jobs import JobRepository
from jobs.repositories.queue import QueueRepository
from jobs.tracing import Tracing, origin_of
from jobs.uploads import Uploads
from jobs.views import Views
from schema.events import Snapshot
from schema.responses import JobKind, JobPage, JobStatus, JobView

SNAPSHOT_WITHIN = timedelta(minutes=15)
SNAPSHOT_JOBS = 200


@dataclass(frozen=True, slots=True)
class Submission:
    """What a POST asks for. `body` is what the client sent, for the comparison of repeated keys."""

    owner: str
    kind: JobKind
    request: dict[str, Any]
    body: Any
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for the same kind and body, however the JSON was written."""
        canonical = json_line([self.kind, _sorted(self.body)])
        return hashlib.sha256(canonical.encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _same(submission: Submission, first: tuple[str, str] | None) -> str | None:
    """The job of a key's first use, which must have been this request. Raises `IdempotencyKeyReused`."""
    if first is None:
        return None
    fingerprint, job_id = first
    if fingerprint != submission.fingerprint:
        raise IdempotencyKeyReused("this key came with another request before")
    return job_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that a POST made, or made the first time."""

    job_id: str
    is_replay: bool


class JobService:
    """Jobs from the client's side. Ids and owners are checked here: somebody else's job is not found."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        events: EventRepository,
        keys: IdempotencyRepository,
        *,
        announcer: Announcer,
        outbox: Outbox,
        uploads: Uploads,
        views: Views,
        janitor: Janitor,
        wake_ups: WakeUps,
        control: Control,
        background: Background,
        limits: Limits,
        metrics: JobMetrics,
        tracing: Tracing,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._events = events
        self._keys = keys
        self._announcer = announcer
        self._outbox = outbox
        self._uploads = uploads
        self._views = views
        self._janitor = janitor
        self._wake_ups = wake_ups
        self._control = control
        self._background = background
        self._limits = limits
        self._metrics = metrics
        self._tracing = tracing

    async def submit(self, submission: Submission) -> Accepted:
        """Make a job, once for each idempotency key. Raises `QueueFull`, `IdempotencyKeyReused`."""
        async with self._database.reading() as connection:
            earlier = await self._earlier(connection, submission)
            if earlier is not None:
                return Accepted(earlier, is_replay=True)
            place = await self._place(connection, submission)
        job_id = new_id()
        with self._tracing.span("job submit", "producer", {"media.job.kind": submission.kind, "media.job.id": job_id}):
            insert = partial(
                self._insert, submission=submission, job_id=job_id, place=place, origin=origin_of(self._tracing)
            )
            earlier, told = await self._database.serializable(insert, recall=partial(self._inserted, job_id=job_id))
        if earlier is not None:
            return Accepted(earlier, is_replay=True)
        structlog.contextvars.bind_contextvars(job_id=job_id)
        self._metrics.submitted(submission.kind)
        # The row is committed: from here on nothing can be lost, and the client need not wait for Redis.
        self._background.start("wake_up", self._wake_ups.send(submission.kind, job_id))
        self._background.start("tell", self._outbox.tell_these(told))
        return Accepted(job_id, is_replay=False)

    async def _earlier(self, connection: AsyncConnection, submission: Submission) -> str | None:
        """The job that the key made earlier. Raises `IdempotencyKeyReused`."""
        if submission.idempotency_key is None:
            return None
        return _same(submission, await self._keys.first(connection, submission.owner, submission.idempotency_key))

    async def _place(self, connection: AsyncConnection, submission: Submission) -> int:
        """Where in the queue the new job will be. Raises `QueueFull`.

        Looked up before the transaction: what reads the whole queue would conflict with all that goes on in it.
        """
        if submission.kind != "erasure":
            # Whoever wants everything gone is not told to come back when there is less of it.
            await check_load(self._jobs, connection, self._limits)
        return await self._queue.newcomers_place(connection, submission.kind, submission.owner)

    async def _insert(
        self, connection: AsyncConnection, submission: Submission, job_id: str, place: int, origin: dict[str, str]
    ) -> tuple[str | None, list[StoredEvent]]:
        """The job that the key made meanwhile, or the events of the new one."""
        if submission.idempotency_key is not None:
            first = await self._keys.claim(
                connection, submission.owner, submission.idempotency_key, submission.fingerprint, job_id
            )
            if first is not None:
                return _same(submission, first), []
        if submission.kind != "erasure":
            await check_room(self._jobs, connection, submission.owner, self._limits)
        job = await self._jobs.insert(
            connection,
            id=job_id,
            owner=submission.owner,
            kind=submission.kind,
            request=submission.request,
            max_attempts=self._limits.max_attempts,
            is_eligible=True,
            origin=origin,
            deadline=deadline_of(submission.request, self._limits.deadlines.get(submission.kind)),
        )
        event = await self._announcer.queued(connection, job, place)
        return None, [event] if event else []

    async def _inserted(self, connection: AsyncConnection, job_id: str) -> tuple[None, list[StoredEvent]] | None:
        if await self._jobs.get(connection, job_id) is None:
            return None
        return None, await self._events.unpublished_of(connection, job_id)

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
        async with self._database.reading() as connection:
            if job_id is not None:
                jobs = [await self._owned(connection, owner, job_id)]
            else:
                jobs = await self._jobs.recent(connection, owner, SNAPSHOT_WITHIN, SNAPSHOT_JOBS + 1)
            views = await self._views.jobs(connection, jobs[:SNAPSHOT_JOBS])
        return Snapshot(jobs=views, truncated=len(jobs) > SNAPSHOT_JOBS)

    async def cancel(self, owner: str, job_id: str) -> JobView:
        """Stop a job: at once in the queue, at its provider's next step when at work. Raises `NotFound`."""

        async def work(connection: AsyncConnection) -> tuple[Job, Job | None]:
            job = await self._owned(connection, owner, job_id)
            moved = await self._cancelled(connection, job)
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

    async def _cancelled(self, connection: AsyncConnection, job: Job) -> Job | None:
        """The job after the move that cancels it; None when it has ended or is being stopped already."""
        while job.status in {"queued", "running"}:
            moved = await self._jobs.move(connection, job.id, "queued", "cancel", error=dump(CANCELLED))
            if moved is not None:
                if moved.claims:
                    # An attempt before may have stored something, or still be at it.
                    await self._janitor.note_outputs(connection, moved)
                await self._announcer.failed(connection, moved, CANCELLED)
                if moved.kind == "upload":
                    await self._janitor.note_abandoned(connection, moved)
                return moved
            moved = await self._jobs.move(connection, job.id, "running", "cancel")
            if moved is not None:
                return moved
            # A worker moved it between the two: look again.
            job = await self._jobs.get(connection, job.id) or job
        return None

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
