"""A new job within its owner's limit, and the event that tells of it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.job import NewEvent, NewJob
from jobs.lifecycle import UNFINISHED
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import GIVEN, JobRepository, Traits, given_of
from jobs.repositories.statements import built_once, first, given, values_of
from schema.tables import JobRow

NO_LIMIT = 2**31 - 1


class EntryRepository:
    """Statements on `job` and `event`."""

    def __init__(self, jobs: JobRepository, events: EventRepository) -> None:
        self._jobs = jobs
        self._events = events

    async def enter(
        self, connection: AsyncConnection, job: NewJob, told: NewEvent | None, most: int = NO_LIMIT
    ) -> int | None:
        """Write both, unless the owner has as many unfinished jobs as `most`: then how many these are.

        Exact in a serializable transaction. On a server it is one statement.
        """
        if connection.dialect.name == "sqlite":
            return await self._enter_step_by_step(connection, job, told, most)
        parameters = values_of("job", given_of(job)) | {"most": most}
        parameters |= self._jobs.deadline_of(job) | ({} if told is None else self._events.parameters(told))
        row = await first(connection, self._enter(Traits.of(job), tells=told is not None), parameters)
        assert row is not None  # noqa: S101  # it counts, so there is one
        unfinished, is_in = row
        return None if is_in else unfinished

    async def _enter_step_by_step(
        self, connection: AsyncConnection, job: NewJob, told: NewEvent | None, most: int
    ) -> int | None:
        unfinished = await self._jobs.unfinished(connection, job.owner)
        if unfinished >= most:
            return unfinished
        await self._jobs.insert(connection, job)
        if told is not None:
            await self._events.store(connection, told.of(job))
        return None

    @built_once
    def _enter(self, traits: Traits, *, tells: bool) -> Select[Any]:
        own = given("job", GIVEN)
        is_own = JobRow.owner == own[JobRow.owner]
        unfinished = select(func.count().label("jobs")).where(is_own, JobRow.status.in_(UNFINISHED)).cte("unfinished")
        columns = own | self._jobs.beginning(traits) | _defaults()
        values = [_typed(column, value) for column, value in columns.items()]
        row = select(*values).where(unfinished.c.jobs < bindparam("most"))
        entered = insert(JobRow).from_select(list(columns), row).returning(JobRow.id, JobRow.owner).cte("entered")
        is_in = select(func.count()).select_from(entered).scalar_subquery()
        statement = select(unfinished.c.jobs, is_in)
        return statement.add_cte(self._events.insert_from(entered).cte("told")) if tells else statement


def _defaults() -> dict[Any, Any]:
    """What an insert from values would fill in."""
    return {JobRow.priority: 0, JobRow.claims: 0, JobRow.attempts: 0, JobRow.lost_workers: 0}


def _typed(column: Any, value: Any) -> Any:
    return value if isinstance(value, ColumnElement) else literal(value, column.type)
