"""New jobs within their owners' limits, each once for its idempotency key, and the events that tell of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Float, Integer, Interval, Select, String, and_, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from jobs.clock import SqlTime
from jobs.job import NewEvent, NewJob
from jobs.lifecycle import UNFINISHED
from jobs.repositories.chores import IdempotencyRepository
from jobs.repositories.events import OF_NEW, EventRepository
from jobs.repositories.jobs import GIVEN, JobRepository, given_of
from jobs.repositories.records import parameters_of, records
from jobs.repositories.statements import built_once, rows, typed, values_of
from schema.tables import IdempotencyRow, JobRow

NO_LIMIT = 2**31 - 1

_EVENT: dict[str, TypeEngine[Any]] = {f"event_{column.key}": column.type for column in OF_NEW}
_COLUMNS: dict[str, TypeEngine[Any]] = {
    "number": Integer(),
    **{column.key: column.type for column in GIVEN},
    "seconds": Float(),
    "is_eligible": Boolean(),
    "is_woken": Boolean(),
    "most": Integer(),
    "key": String(),
    "fingerprint": String(),
    **_EVENT,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A job to be written with what tells of it, unless its owner has `most` unfinished ones, or its key was used."""

    job: NewJob
    told: NewEvent | None
    most: int = NO_LIMIT
    key: str | None = None
    fingerprint: str = ""


class Full(NamedTuple):
    """There was no room: the owner has so many unfinished jobs."""

    unfinished: int


class FirstUse(NamedTuple):
    """The key was used before: by a request with this fingerprint, for this job."""

    fingerprint: str
    job_id: str


Outcome = FirstUse | Full | None
"""What became of an entry. None: it is written."""


def _outcome(entry: Entry, fingerprint: str | None, job_id: str | None, held: int, is_in: bool) -> Outcome:  # noqa: FBT001  # a row
    if fingerprint is not None and job_id is not None:
        return FirstUse(fingerprint, job_id)
    # Of the owner's entries before it as many are in as there was room for.
    return None if is_in else Full(max(held, entry.most))


class EntryRepository:
    """Statements on `job`, `event` and `idempotency_key`."""

    def __init__(
        self, time: SqlTime, jobs: JobRepository, events: EventRepository, keys: IdempotencyRepository
    ) -> None:
        self._time = time
        self._jobs = jobs
        self._events = events
        self._keys = keys

    async def enter(self, connection: AsyncConnection, entries: Sequence[Entry]) -> list[Outcome]:
        """Write each as if it came behind those before it; no two have the same key.

        Exact in a serializable transaction. On a server it is one statement for all of them.
        """
        dialect = connection.dialect.name
        if dialect == "sqlite":
            return [await self._enter_step_by_step(connection, entry) for entry in entries]
        document = parameters_of(self._record(number, entry) for number, entry in enumerate(entries))
        found = await rows(connection, self._enter(dialect), document)
        outcomes = {number: _outcome(entries[number], *rest) for number, *rest in found}
        return [outcomes[number] for number in range(len(entries))]

    async def _enter_step_by_step(self, connection: AsyncConnection, entry: Entry) -> Outcome:
        job = entry.job
        if entry.key is not None:
            first = await self._keys.first(connection, job.owner, entry.key)
            if first is not None:
                return FirstUse(*first)
        unfinished = await self._jobs.unfinished(connection, job.owner)
        if unfinished >= entry.most:
            return Full(unfinished)
        if entry.key is not None:
            await self._keys.insert(connection, job.owner, entry.key, entry.fingerprint, job.id)
        await self._jobs.insert(connection, job)
        if entry.told is not None:
            await self._events.store(connection, entry.told.of(job))
        return None

    @staticmethod
    def _record(number: int, entry: Entry) -> dict[str, Any]:
        job, told = entry.job, entry.told
        event = dict.fromkeys(_EVENT) if told is None else values_of("event", asdict(told))
        return {
            "number": number,
            "seconds": None if job.deadline is None else job.deadline.total_seconds(),
            "is_eligible": job.is_eligible,
            "is_woken": job.is_woken,
            "most": entry.most,
            "key": entry.key,
            "fingerprint": entry.fingerprint,
            **given_of(job),
            **event,
        }

    @built_once
    def _enter(self, dialect: str) -> Select[Any]:
        asked = records(dialect, _COLUMNS).cte("asked")
        is_used = and_(IdempotencyRow.owner == asked.c.owner, IdempotencyRow.key == asked.c.key)
        used = (
            select(asked.c.number, IdempotencyRow.fingerprint, IdempotencyRow.job_id).join(asked, is_used).cte("used")
        )
        held = (
            select(JobRow.owner, func.count().label("jobs"))
            .where(JobRow.owner.in_(select(asked.c.owner)), JobRow.status.in_(UNFINISHED))
            .group_by(JobRow.owner)
            .cte("held")
        )
        # Whoever comes before an owner's next one is in, or there is no room for that one either.
        before = func.row_number().over(partition_by=asked.c.owner, order_by=asked.c.number) - 1
        jobs = func.coalesce(held.c.jobs, 0)
        new = (
            select(*asked.c, jobs.label("held"), (jobs + before < asked.c.most).label("is_in"))
            .outerjoin_from(asked, held, held.c.owner == asked.c.owner)
            .where(asked.c.number.not_in(select(used.c.number)))
            .cte("new")
        )
        entering = select(*new.c).where(new.c.is_in).cte("entering")
        columns = (
            {column: entering.c[column.key] for column in GIVEN}
            | self._jobs.beginning(
                is_eligible=entering.c.is_eligible,
                is_woken=entering.c.is_woken,
                deadline_at=self._time.now() + entering.c.seconds * literal(timedelta(seconds=1), Interval),
            )
            | {JobRow.priority: 0, JobRow.claims: 0, JobRow.attempts: 0, JobRow.lost_workers: 0}
        )
        job = insert(JobRow).from_select(list(columns), select(*typed(columns)))
        told = self._events.insert_from(entering, entering.c.event_id.is_not(None), is_told_by_jobs=True)
        return (
            select(asked.c.number, used.c.fingerprint, used.c.job_id, new.c.held, new.c.is_in)
            .select_from(asked)
            .outerjoin(used, used.c.number == asked.c.number)
            .outerjoin(new, new.c.number == asked.c.number)
            .add_cte(job.cte("entered"), told.cte("told"), self._keys.insert_from(entering).cte("keyed"))
        )
