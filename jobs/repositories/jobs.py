"""Rows of `job`: submitting, reading, and every move between two states."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    String,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from jobs.clock import SqlTime
from jobs.job import Job, NewJob
from jobs.lifecycle import AT_WORK, TERMINAL, UNFINISHED, Move, after
from jobs.repositories.records import parameters_of, records
from jobs.repositories.statements import built_once, first, rows, value
from schema.responses import JobKind, JobStatus
from schema.tables import JobRow

COLUMNS = (
    JobRow.id,
    JobRow.owner,
    JobRow.kind,
    JobRow.status,
    JobRow.request,
    JobRow.claims,
    JobRow.attempts,
    JobRow.max_attempts,
    JobRow.lost_workers,
    JobRow.progress,
    JobRow.message,
    JobRow.error,
    JobRow.created_at,
    JobRow.started_at,
    JobRow.finished_at,
    JobRow.origin,
    JobRow.record,
)

GIVEN = (JobRow.id, JobRow.owner, JobRow.kind, JobRow.request, JobRow.max_attempts, JobRow.origin)
"""The columns of a new job whose values differ from job to job."""


def given_of(job: NewJob) -> dict[str, Any]:
    """The values of the columns in `GIVEN`."""
    return {column.key: getattr(job, column.key) for column in GIVEN}


def job_of(row: Any) -> Job:
    """The value of a row selected with `COLUMNS`."""
    return Job(*row)


class JobRepository:
    """Statements on `job`; each takes the connection of the transaction that it belongs to."""

    def __init__(self, time: SqlTime) -> None:
        self._time = time

    def moment(self, ahead: timedelta) -> ColumnElement[Any]:
        """A moment from now, for a condition of a move."""
        return self._time.now(ahead)

    def due(self, after: timedelta = timedelta()) -> ColumnElement[Any]:
        """From when on a job may be claimed (again), for a value of a move."""
        return self._time.due(after)

    async def insert(self, connection: AsyncConnection, job: NewJob) -> Job:
        """A queued job."""
        parameters = given_of(job) | {
            "eligible": job.is_eligible,
            "woken": job.is_woken,
            "deadline": None if job.deadline is None else self._time.ahead_by(job.deadline),
        }
        (row,) = await rows(connection, self._insert(), parameters)
        return job_of(row)

    @built_once
    def _insert(self) -> ReturningInsert[Any]:
        values = self.beginning(
            is_eligible=bindparam("eligible", type_=Boolean()),
            is_woken=bindparam("woken", type_=Boolean()),
            deadline_at=self._time.ahead("deadline"),
        )
        return insert(JobRow).values(values).returning(*COLUMNS)

    def beginning(
        self, *, is_eligible: ColumnElement[bool], is_woken: ColumnElement[bool], deadline_at: ColumnElement[Any]
    ) -> dict[Any, Any]:
        """What a queued job's columns begin with, but for those in `GIVEN`."""
        now = self._time.now()
        return {
            JobRow.status: "queued",
            JobRow.run_at: case((is_eligible, self._time.due())),
            JobRow.woken_at: case((is_woken, now)),
            JobRow.created_at: now,
            JobRow.deadline_at: deadline_at,
        }

    async def present(self, connection: AsyncConnection, ids: Collection[str]) -> set[str]:
        """Which of these jobs there are."""
        return set((await connection.execute(select(JobRow.id).where(JobRow.id.in_(ids)))).scalars())

    async def get(self, connection: AsyncConnection, id: str) -> Job | None:
        """One job."""
        row = await first(connection, self._get(), {"job": id})
        return None if row is None else job_of(row)

    @built_once
    def _get(self) -> Select[Any]:
        return select(*COLUMNS).where(JobRow.id == bindparam("job"))

    async def page(
        self,
        connection: AsyncConnection,
        owner: str | None,
        *,
        status: JobStatus | None,
        kind: JobKind | None,
        before: str | None,
        limit: int,
    ) -> list[Job]:
        """The owner's jobs, or everybody's, newest first; `before` is the id that the earlier page ended with."""
        query = select(*COLUMNS).order_by(JobRow.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(JobRow.owner == owner)
        if status is not None:
            query = query.where(JobRow.status == status)
        if kind is not None:
            query = query.where(JobRow.kind == kind)
        if before is not None:
            query = query.where(JobRow.id < before)
        return [job_of(row) for row in await connection.execute(query)]

    async def recent(
        self, connection: AsyncConnection, owners: Collection[str], within: timedelta, limit: int
    ) -> dict[str, list[Job]]:
        """Of each owner at most `limit` jobs that are unfinished or finished lately, newest first."""
        recent: dict[str, list[Job]] = {owner: [] for owner in owners}
        if connection.dialect.name == "sqlite":
            for owner in recent:
                found = await rows(connection, self._recent(within, limit), {"owner": owner})
                recent[owner] = [job_of(row) for row in found]
            return recent
        asked = parameters_of({"owner": owner} for owner in recent)
        for row in await rows(connection, self._recent_of_each(connection.dialect.name, within, limit), asked):
            job = job_of(row)
            recent[job.owner].append(job)
        return recent

    @built_once
    def _recent(self, within: timedelta, limit: int) -> Select[Any]:
        return self._newest(bindparam("owner"), within, limit)

    @built_once
    def _recent_of_each(self, dialect: str, within: timedelta, limit: int) -> Select[Any]:
        asked = records(dialect, {"owner": String()}).subquery()
        newest = self._newest(asked.c.owner, within, limit).lateral()
        return select(*newest.c).select_from(asked.join(newest, true())).order_by(newest.c.id.desc())

    def _newest(self, owner: ColumnElement[str], within: timedelta, limit: int) -> Select[Any]:
        is_recent = JobRow.status.in_(UNFINISHED) | (JobRow.finished_at > self._time.now(-within))
        return select(*COLUMNS).where(JobRow.owner == owner, is_recent).order_by(JobRow.id.desc()).limit(limit)

    async def unfinished(self, connection: AsyncConnection, owner: str | None = None) -> int:
        """How many unfinished jobs the owner has, or everybody together."""
        query = self._unfinished(of_one=owner is not None)
        count: int = await value(connection, query, {} if owner is None else {"owner": owner})
        return count

    @built_once
    def _unfinished(self, *, of_one: bool) -> Select[tuple[int]]:
        query = select(func.count()).where(JobRow.status.in_(UNFINISHED))
        return query.where(JobRow.owner == bindparam("owner")) if of_one else query

    async def move(
        self,
        connection: AsyncConnection,
        id: str,
        source: JobStatus,
        by: Move,
        *,
        token: str | None = None,
        lapsed_at: ColumnElement[Any] | None = None,
        **values: Any,
    ) -> Job | None:
        """Make one move of `TRANSITIONS`; None when the job is not (or no longer) in `source`.

        With `token` only the holder of that lease makes it, with `lapsed_at` only when the lease has lapsed by then.
        A move out of work gives the lease back; a move to the end notes when.
        """
        statement = self.moving(source, by, is_held=token is not None)
        if lapsed_at is not None:
            statement = statement.where(JobRow.lease_until < lapsed_at)
        if expressions := {name: value for name, value in values.items() if isinstance(value, ColumnElement)}:
            statement = statement.values(**expressions)
        columns = {name: value for name, value in values.items() if name not in expressions}
        parameters = {"job": id} | ({} if token is None else {"token": token})
        row = await first(connection, statement, parameters | columns)
        return None if row is None else job_of(row)

    @built_once
    def moving(self, source: JobStatus, by: Move, *, is_held: bool) -> ReturningUpdate[Any]:
        """A move of the job that the parameters `job`, and `token` where it is held, name."""
        target = after(source, by)
        statement = update(JobRow).where(JobRow.id == bindparam("job"), JobRow.status == source).values(status=target)
        if is_held:
            statement = statement.where(JobRow.lease_token == bindparam("token"))
        if target not in AT_WORK:
            statement = statement.values(lease_token=None, lease_until=None)
        if target in TERMINAL:
            statement = statement.values(finished_at=self._time.now())
        return statement.returning(*COLUMNS)

    async def make_eligible(
        self, connection: AsyncConnection, id: str, origin: dict[str, str], deadline: timedelta | None
    ) -> bool:
        """Let a queued job be claimed from now on, as `origin` asks for; False when it is queued no longer."""
        statement = (
            update(JobRow)
            .where(JobRow.id == id, JobRow.status == "queued")
            .values(
                run_at=self._time.due(),
                woken_at=self._time.now(),
                origin=origin,
                deadline_at=None if deadline is None else self._time.now(deadline),
            )
            .returning(JobRow.id)
        )
        return (await connection.execute(statement)).one_or_none() is not None

    async def unfinished_before(self, connection: AsyncConnection, owner: str, id: str) -> list[str]:
        """Ids of the owner's unfinished jobs that are older than the job `id`."""
        query = select(JobRow.id).where(JobRow.owner == owner, JobRow.id < id, JobRow.status.in_(UNFINISHED))
        return list((await connection.execute(query)).scalars())

    async def finished_of(self, connection: AsyncConnection, owner: str, id: str, limit: int) -> list[Job]:
        """The owner's finished jobs that are older than the job `id`."""
        query = select(*COLUMNS).where(JobRow.owner == owner, JobRow.id < id, JobRow.status.in_(TERMINAL))
        return [job_of(row) for row in await connection.execute(query.limit(limit))]

    async def delete_finished(self, connection: AsyncConnection, id: str) -> bool:
        """Remove a job that has ended; False when it has not, or is not there."""
        statement = delete(JobRow).where(JobRow.id == id, JobRow.status.in_(TERMINAL)).returning(JobRow.id)
        return (await connection.execute(statement)).one_or_none() is not None

    async def finished_before(self, connection: AsyncConnection, age: timedelta, limit: int) -> Sequence[str]:
        """Ids of jobs that ended longer ago than `age`."""
        query = select(JobRow.id).where(JobRow.finished_at < self._time.now(-age)).limit(limit)
        return (await connection.execute(query)).scalars().all()

    async def delete_all(self, connection: AsyncConnection, ids: Collection[str]) -> None:
        """Remove these jobs."""
        await connection.execute(delete(JobRow).where(JobRow.id.in_(ids)))
