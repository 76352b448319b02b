"""Submitting: a job's row and its first event, once for each idempotency key and within the limits."""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.database import Database
from jobs.deadlines import deadline_of
from jobs.errors import IdempotencyKeyReused
from jobs.eventlog import json_line
from jobs.ids import new_id
from jobs.inputs import check_inputs
from jobs.job import Job, NewJob, StoredEvent
from jobs.policies import Limits, check_load, no_room
from jobs.repositories.chores import IdempotencyRepository
from jobs.repositories.entries import NO_LIMIT, EntryRepository
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.queue import QueueRepository
from jobs.tracing import Tracing, origin_of
from schema.responses import JobKind

REPEATS = "repeats"
"""In the origin of a job that an operator had made anew: the id of the one that it repeats."""


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
    """The job that a POST made, or made the first time; `untold` is what is written and has to be told."""

    job_id: str
    is_replay: bool
    untold: tuple[StoredEvent, ...] = ()


class Submitting:
    """Writes what is asked for. Telling and waking are for the caller: the row stands without them."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        events: EventRepository,
        keys: IdempotencyRepository,
        media: MediaRepository,
        *,
        announcer: Announcer,
        limits: Limits,
        tracing: Tracing,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._events = events
        self._entries = EntryRepository(jobs, events)
        self._keys = keys
        self._media = media
        self._announcer = announcer
        self._limits = limits
        self._tracing = tracing

    async def accept(self, submission: Submission) -> Accepted:
        """Make a job, once for each idempotency key.

        Raises `InvalidRequest` for inputs that are not there, `QueueFull`, `IdempotencyKeyReused`.
        """
        async with self._database.reading() as connection:
            earlier = await self._earlier(connection, submission)
            if earlier is not None:
                return Accepted(earlier, is_replay=True)
            await check_inputs(self._media, connection, submission.request.get("inputs") or ())
            place = await self._place(connection, submission)
        job_id = new_id()
        with self._tracing.span("job submit", "producer", {"media.job.kind": submission.kind, "media.job.id": job_id}):
            insert = partial(
                self._insert, submission=submission, job_id=job_id, place=place, origin=origin_of(self._tracing)
            )
            return await self._database.serializable(insert, recall=partial(self._inserted, job_id=job_id))

    async def repeat(self, job: Job) -> str:
        """Make a job that asks again for what `job` did, whatever the limits say; its id. A sweeper wakes it."""
        job_id, again = new_id(), Submission(job.owner, job.kind, job.request, job.request)
        async with self._database.reading() as connection:
            place, _ = await self._queue.newcomers_place(connection, job.kind, job.owner)
        origin = origin_of(self._tracing) | {REPEATS: job.id}
        enqueue = partial(self._enqueue, submission=again, job_id=job_id, place=place, origin=origin, is_woken=False)
        return (await self._database.transaction(enqueue, recall=partial(self._inserted, job_id=job_id))).job_id

    async def _earlier(self, connection: AsyncConnection, submission: Submission) -> str | None:
        """The job that the key made earlier. Raises `IdempotencyKeyReused`."""
        if submission.idempotency_key is None:
            return None
        return _same(submission, await self._keys.first(connection, submission.owner, submission.idempotency_key))

    async def _place(self, connection: AsyncConnection, submission: Submission) -> int:
        """Where in the queue the new job will be. Raises `QueueFull`.

        Looked up before the transaction: what reads the whole queue would conflict with all that goes on in it.
        """
        place, unfinished = await self._queue.newcomers_place(connection, submission.kind, submission.owner)
        if submission.kind != "erasure":
            # Whoever wants everything gone is not told to come back when there is less of it.
            check_load(unfinished, self._limits)
        return place

    async def _insert(
        self, connection: AsyncConnection, submission: Submission, job_id: str, place: int, origin: dict[str, str]
    ) -> Accepted:
        """The job that the key made meanwhile, or the new one."""
        if submission.idempotency_key is not None:
            first = await self._keys.claim(
                connection, submission.owner, submission.idempotency_key, submission.fingerprint, job_id
            )
            earlier = _same(submission, first)
            if earlier is not None:
                return Accepted(earlier, is_replay=True)
        most = NO_LIMIT if submission.kind == "erasure" else self._limits.max_queued_per_user
        return await self._enqueue(connection, submission, job_id, place, origin, most=most)

    async def _enqueue(
        self,
        connection: AsyncConnection,
        submission: Submission,
        job_id: str,
        place: int,
        origin: dict[str, str],
        *,
        most: int = NO_LIMIT,
        is_woken: bool = True,
    ) -> Accepted:
        job = NewJob(
            job_id,
            submission.owner,
            submission.kind,
            submission.request,
            self._limits.max_attempts,
            origin,
            deadline=deadline_of(submission.request, self._limits.deadlines.get(submission.kind)),
            is_woken=is_woken,
        )
        event = self._announcer.queued(job, place)
        unfinished = await self._entries.enter(connection, job, event, most)
        if unfinished is not None:
            raise no_room(unfinished)
        return Accepted(job_id, is_replay=False, untold=() if event is None else (event.of(job),))

    async def _inserted(self, connection: AsyncConnection, job_id: str) -> Accepted | None:
        if await self._jobs.get(connection, job_id) is None:
            return None
        untold = await self._events.unpublished_of(connection, job_id)
        return Accepted(job_id, is_replay=False, untold=tuple(untold))
