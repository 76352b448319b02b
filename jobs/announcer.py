"""Lifecycle events: written in the transaction of the change that they tell, each at its number within the job.

With the end of a job goes what it came to.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.eventlog import json_line
from jobs.ids import new_id
from jobs.job import Job, NewEvent, NewJob, StoredEvent, Use
from jobs.record import Record
from jobs.repositories.events import EventRepository
from jobs.usage import UsageMeter
from schema.events import EVENTS, Failed, GenerationQueued, JobEvent, MediaDeleted, Role, Started, event_name
from schema.responses import JobError, JobKind
from schema.wire import Wire

NUMBERS: Final[dict[Role, int]] = {"queued": 1, "started": 2, "complete": 3, "failed": 3}
"""A job has one event of each number at most: one start and one end, whoever repeats a transaction."""


def payload_of(event: Wire) -> str:
    """An event's payload as it goes over the wire: one line of JSON."""
    return json_line(event.model_dump(mode="json", by_alias=True))


class Announcer:
    """Writes lifecycle events; the outbox tells them."""

    def __init__(self, events: EventRepository, meter: UsageMeter) -> None:
        self._events = events
        self._meter = meter

    def queued(self, job: NewJob, queue_position: int) -> NewEvent | None:
        """What is to be written with a job that is accepted."""
        return _new(job.kind, "queued", GenerationQueued(job_id=job.id, kind=job.kind, queue_position=queue_position))

    async def started(self, connection: AsyncConnection, job: Job) -> StoredEvent | None:
        """A client began to upload."""
        return await self._job_event(connection, job, "started", Started(job_id=job.id))

    def start(self, kind: JobKind, job_id: str) -> NewEvent | None:
        """What is to be written when a worker begins the first attempt; an upload was started by its client."""
        return None if kind == "upload" else _new(kind, "started", Started(job_id=job_id))

    def completion(self, job: Job, event: JobEvent) -> NewEvent | None:
        """What is to be written with the end of a job of which everything is stored."""
        return _new(job.kind, "complete", event)

    def use(self, job: Job, record: Record, outputs: int) -> Use | None:
        """What is to be counted with the end of a job."""
        return self._meter.use(job, record, outputs)

    async def complete(
        self, connection: AsyncConnection, job: Job, event: JobEvent, *, outputs: int
    ) -> StoredEvent | None:
        """Everything is stored, in so many `outputs`."""
        await self._meter.count(connection, job, outputs)
        return await self._job_event(connection, job, "complete", event)

    async def failed(self, connection: AsyncConnection, job: Job, error: JobError) -> StoredEvent | None:
        """The job ended otherwise."""
        await self._meter.count(connection, job, outputs=0)
        event = Failed(job_id=job.id, error=error.message, code=error.code, retryable=error.retryable)
        return await self._job_event(connection, job, "failed", event)

    async def media_deleted(self, connection: AsyncConnection, owner: str, path: str, id: str) -> StoredEvent:
        """An object left the library; `id` becomes the event's."""
        payload = payload_of(MediaDeleted(path=path))
        return await self._events.insert(
            connection, owner=owner, job_id=None, seq=1, name="media_deleted", payload=payload, id=id
        )

    async def _job_event(self, connection: AsyncConnection, job: Job, role: Role, event: Wire) -> StoredEvent | None:
        new = _new(job.kind, role, event)
        if new is None:
            return None
        told = new.of(job)
        await self._events.store(connection, told)
        return told


def _new(kind: JobKind, role: Role, event: Wire) -> NewEvent | None:
    """None where jobs of this kind do not tell of it."""
    name = event_name(kind, role)
    if name is None:
        return None
    return NewEvent(new_id(), NUMBERS[role], name, payload_of(event), EVENTS[name].is_terminal)
