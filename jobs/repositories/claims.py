"""Taking the lease of a row of `job`, and with a job's first one writing the event of its start."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from jobs.clock import SqlTime
from jobs.job import Lease, NewEvent
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import COLUMNS, job_of
from jobs.repositories.statements import built_once, first
from schema.tables import JobRow


class ClaimRepository:
    """Statements on `job` and `event`."""

    def __init__(self, time: SqlTime, events: EventRepository) -> None:
        self._time = time
        self._events = events

    async def claim(
        self, connection: AsyncConnection, id: str, token: str, lease: timedelta, start: NewEvent | None
    ) -> Lease | None:
        """Take the lease of a queued job; None when somebody was quicker. `start` is written with its first lease.

        On a server that is one statement, which is a transaction by itself.
        """
        parameters: dict[str, Any] = {"job": id, "taken_by": token}
        if start is None or connection.dialect.name == "sqlite":
            row = await first(connection, self._claim(lease), parameters)
        else:
            row = await first(connection, self._claim_and_tell(lease), parameters | self._events.parameters(start))
        if row is None:
            return None
        taken = _lease_of(row, token, start)
        if taken.start is not None and connection.dialect.name == "sqlite":
            await self._events.store(connection, taken.start)
        return taken

    async def held(self, connection: AsyncConnection, id: str, token: str, start: NewEvent | None) -> Lease | None:
        """The lease of this job, if it is the one with this token."""
        query = select(*self._leased()).where(JobRow.id == id, JobRow.lease_token == token)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _lease_of(row, token, start)

    def _leased(self) -> tuple[Any, ...]:
        return (*COLUMNS, JobRow.deadline_at, self._time.now().label("moment"))

    @built_once
    def _claim(self, lease: timedelta) -> ReturningUpdate[Any]:
        now = self._time.now()
        return (
            update(JobRow)
            .where(JobRow.id == bindparam("job"), JobRow.status == "queued", JobRow.run_at <= now)
            .values(
                status="running",
                claims=JobRow.claims + 1,
                attempts=JobRow.attempts + 1,
                lease_until=self._time.now(lease),
                started_at=func.coalesce(JobRow.started_at, now),
                progress=None,
                message=None,
                lease_token=bindparam("taken_by", type_=JobRow.lease_token.type),
            )
            .returning(*self._leased())
        )

    @built_once
    def _claim_and_tell(self, lease: timedelta) -> Select[Any]:
        claimed = self._claim(lease).cte("claimed")
        told = self._events.insert_from(claimed, claimed.c.claims == 1).cte("told")
        return select(*claimed.c).add_cte(told)


def _lease_of(row: Any, token: str, start: NewEvent | None) -> Lease:
    *columns, deadline, moment = row
    job = job_of(columns)
    seconds_left = None if deadline is None else (deadline - moment).total_seconds()
    return Lease(job, token, seconds_left, start=start.of(job) if start is not None and job.claims == 1 else None)
