"""What an operator may do to the jobs and media of everybody, with nothing but the database at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.cancelling import Cancelling
from jobs.clock import Clock, SqlTime, time_of
from jobs.database import Database
from jobs.errors import NotFound
from jobs.garbage import Garbage
from jobs.ids import is_id
from jobs.job import Job, Media, StoredEvent
from jobs.policies import limits_of, upload_policy
from jobs.repositories.chores import CleanupRepository, IdempotencyRepository
from jobs.repositories.entries import EntryRepository
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.newcomers import NewcomerRepository
from jobs.repositories.queue import QueueRepository
from jobs.repositories.uploads import UploadRepository
from jobs.repositories.usage import UsageRepository
from jobs.submitting import Submitting
from jobs.tracing import NO_TRACING
from jobs.usage import UsageMeter
from schema.models import MediaKind
from schema.responses import JobKind, JobStatus, MediaSource
from schema.settings import Settings

REPEATABLE: frozenset[JobKind] = frozenset({"image", "video"})
"""An upload's bytes are gone with its end; an erasure made anew would remove what its owner has made since."""


class NotRepeatable(Exception):
    """The job's work can't be done again; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one job: its place in the queue while it waits, what it told, and what of it is left."""

    job: Job
    place: int | None
    events: Sequence[StoredEvent]
    media: Sequence[Media]


class Operator:
    """Reads and writes rows alone: the sweepers of running processes tell and wake what follows from them.

    So it works while Redis or every web process is down, and beside a standalone service on the same file.
    """

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        events: EventRepository,
        media: MediaRepository,
        *,
        submitting: Submitting,
        cancelling: Cancelling,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._events = events
        self._media = media
        self._submitting = submitting
        self._cancelling = cancelling

    async def list(
        self, *, owner: str | None, status: JobStatus | None, kind: JobKind | None, before: str | None, limit: int
    ) -> list[Job]:
        """Jobs of one user or of everybody, newest first; `before` is the id that an earlier list ended with."""
        async with self._database.reading() as connection:
            return await self._jobs.page(connection, owner, status=status, kind=kind, before=before, limit=limit)

    async def show(self, job_id: str) -> Dossier:
        """One job. Raises `NotFound`."""
        async with self._database.reading() as connection:
            job = await self._found(connection, job_id)
            places = await self._queue.places(connection, job.kind, [job.id]) if job.status == "queued" else {}
            events = await self._events.of_job(connection, job.id)
            media = await self._media.of_jobs(connection, [job.id])
        return Dossier(job, places.get(job.id), events, media)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job as its owner could; what it is then. One that has ended stays as it is. Raises `NotFound`."""

        async def work(connection: AsyncConnection) -> Job:
            job = await self._found(connection, job_id)
            return await self._cancelling.cancel(connection, job) or await self._found(connection, job_id)

        return await self._database.transaction(work)

    async def requeue(self, job_id: str) -> str:
        """Have the work of a failed or cancelled job done again, by a new job of its owner; the new one's id.

        A job ends once, and its end has been told: what is done again is another job. The limits of its owner do not
        hold, for it is not the owner who asks. Raises `NotFound`, `NotRepeatable`.
        """
        async with self._database.reading() as connection:
            job = await self._found(connection, job_id)
        if job.status not in {"failed", "cancelled"}:
            raise NotRepeatable(f"the job is {job.status}; what failed or was cancelled can be done again")
        if job.kind not in REPEATABLE:
            raise NotRepeatable(f"an {job.kind} can't be done again; its owner has to ask anew")
        return await self._submitting.repeat(job)

    async def media(
        self,
        *,
        owner: str | None,
        kind: MediaKind | None,
        source: MediaSource | None,
        before: str | None,
        limit: int,
    ) -> Sequence[Media]:
        """Objects of one library or of all, newest first; `before` is the id that an earlier list ended with."""
        async with self._database.reading() as connection:
            return await self._media.page(
                connection, owner, prefix=None, kind=kind, source=source, before=before, limit=limit
            )

    async def _found(self, connection: AsyncConnection, job_id: str) -> Job:
        job = await self._jobs.get(connection, job_id) if is_id(job_id) else None
        if job is None:
            raise NotFound("there is no such job")
        return job


def operator_of(settings: Settings, database: Database, clock: Clock, time: SqlTime | None = None) -> Operator:
    """An operator on this database. `time` is where statements take it from; by default what suits the database."""
    time = time or time_of(database.engine.dialect.name, clock)
    jobs, queue, events = JobRepository(time), QueueRepository(time), EventRepository(time)
    keys = IdempotencyRepository(time)
    announcer = Announcer(events, UsageMeter(UsageRepository(), clock))
    garbage = Garbage(
        CleanupRepository(time),
        UploadRepository(time),
        lease=timedelta(seconds=settings.lease_seconds),
        policy=upload_policy(settings),
        clock=clock,
    )
    submitting = Submitting(
        database,
        jobs,
        NewcomerRepository(queue),
        EntryRepository(time, jobs, events, keys),
        keys,
        MediaRepository(),
        announcer=announcer,
        limits=limits_of(settings),
        tracing=NO_TRACING,
    )
    cancelling = Cancelling(jobs, announcer=announcer, garbage=garbage)
    return Operator(database, jobs, queue, events, MediaRepository(), submitting=submitting, cancelling=cancelling)
