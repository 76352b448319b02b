"""Rows of `job` as a queue: who is next, and how leases are taken, kept and lost."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, case, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from jobs.admission import Wanted
from jobs.clock import SqlTime
from jobs.job import Job
from jobs.lifecycle import AT_WORK
from jobs.repositories.jobs import COLUMNS, job_of
from jobs.repositories.statements import built_once, first, rows, value
from schema.responses import JobKind, JobStatus
from schema.tables import Instant, JobRow

CLAIM_WINDOW = 24
PRIORITY = 0
"""What a job has that nobody gave another one."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
UNDER_WAY = JobRow.record["errand"]["model"].as_string()
"""The model that has work of the job under way; null where none has."""
MODEL = func.coalesce(UNDER_WAY, JobRow.request["model"].as_string(), "")


class QueueRepository:
    """Statements on `job` that order and lend the work."""

    def __init__(self, time: SqlTime) -> None:
        self._time = time

    def _turns(self, kind: JobKind) -> Subquery:
        """Claimable jobs with their turns, from 1, and when their owners had their last one begun.

        A job's turn is its rank among its owner's jobs plus what its owner has running, so that no owner can
        fill the window however many jobs they post.
        """
        running = (
            select(JobRow.owner, func.count().label("jobs"))
            .where(JobRow.status.in_(AT_WORK), JobRow.kind == kind)
            .group_by(JobRow.owner)
            .subquery()
        )
        waiting = select(JobRow.owner).where(self.is_claimable(kind)).distinct().subquery()
        owners = select(waiting.c.owner, self.served(waiting.c.owner, kind).label("served")).subquery()
        rank = func.row_number().over(partition_by=JobRow.owner, order_by=(JobRow.priority.desc(), JobRow.id))
        return (
            select(
                JobRow.id,
                JobRow.priority,
                (rank + func.coalesce(running.c.jobs, 0)).label("turn"),
                owners.c.served,
            )
            .join(owners, owners.c.owner == JobRow.owner)
            .outerjoin(running, running.c.owner == JobRow.owner)
            .where(self.is_claimable(kind))
            .subquery()
        )

    def is_claimable(self, kind: JobKind) -> ColumnElement[bool]:
        """Whether a job may be claimed now."""
        return and_(JobRow.status == "queued", JobRow.kind == kind, JobRow.run_at <= self._time.now())

    def served(self, owner: ColumnElement[str], kind: JobKind) -> ColumnElement[datetime]:
        """When this owner's last job of the kind began; long ago where none has. One look into an index."""
        earlier = aliased(JobRow)
        last = select(func.max(earlier.started_at)).where(earlier.owner == owner, earlier.kind == kind)
        return func.coalesce(last.correlate_except(earlier).scalar_subquery(), literal(NEVER, Instant))

    def _order(self, kind: JobKind) -> Select[tuple[str, int]]:
        """Ids of claimable jobs with their places, from 1: by turn, then priority, then age.

        Of those who have nothing running, whoever had nothing begun for the longest goes first: where few run at a
        time, whoever has just been served is not at once the next.
        """
        turns = self._turns(kind)
        served = case((turns.c.turn == 1, turns.c.served))
        order = (turns.c.turn, turns.c.priority.desc(), served, turns.c.id)
        place = func.row_number().over(order_by=order)
        return select(turns.c.id, place.label("place"))

    async def candidates(
        self, connection: AsyncConnection, kind: JobKind, closed: Collection[str] = ()
    ) -> Sequence[str]:
        """The ids that come next, in order; reading takes no locks, so some may be gone when claimed.

        Jobs for `closed` models are passed over.
        """
        query = self._candidates(kind, passes_over=bool(closed))
        found = await rows(connection, query, {"closed": list(closed)} if closed else {})
        return [job_id for (job_id,) in found]

    @built_once
    def _candidates(self, kind: JobKind, *, passes_over: bool) -> Select[tuple[str]]:
        order = self._order(kind).subquery()
        query = select(order.c.id).order_by(order.c.place).limit(CLAIM_WINDOW)
        if passes_over:
            query = query.join(JobRow, JobRow.id == order.c.id).where(MODEL.not_in(bindparam("closed")))
        return query

    async def wanted(self, connection: AsyncConnection, ids: Collection[str]) -> dict[str, Wanted]:
        """What these jobs want of which model."""
        rows = await connection.execute(self._wanted(), {"ids": list(ids)})
        return {row.id: Wanted(row.request, row.under_way) for row in rows}

    @built_once
    def _wanted(self) -> Select[Any]:
        columns = (JobRow.id, JobRow.request, UNDER_WAY.label("under_way"))
        return select(*columns).where(JobRow.id.in_(bindparam("ids")))

    async def places(self, connection: AsyncConnection, kind: JobKind, ids: Collection[str]) -> dict[str, int]:
        """How many claims of this kind it takes until each of these queued jobs has its turn."""
        rows = await connection.execute(self._places(kind), {"ids": list(ids)})
        return {row.id: row.place for row in rows}

    @built_once
    def _places(self, kind: JobKind) -> Select[tuple[str, int]]:
        order = self._order(kind).subquery()
        return select(order.c.id, order.c.place).where(order.c.id.in_(bindparam("ids")))

    async def heartbeat(
        self,
        connection: AsyncConnection,
        id: str,
        token: str,
        lease: timedelta,
        progress: float | None,
        message: str | None,
    ) -> JobStatus | None:
        """Prolong the lease and note how far the work is; the job's status, or None when the lease is lost."""
        parameters = {"job": id, "token": token, "progress": progress, "message": message}
        row = await first(connection, self._heartbeat(lease), parameters)
        return None if row is None else row[0]

    @built_once
    def _heartbeat(self, lease: timedelta) -> ReturningUpdate[Any]:
        return (
            update(JobRow)
            .where(JobRow.id == bindparam("job"), JobRow.lease_token == bindparam("token"))
            .values(lease_until=self._time.now(lease))
            .returning(JobRow.status)
        )

    async def note(self, connection: AsyncConnection, id: str, token: str, record: dict[str, Any] | None) -> bool:
        """Keep what an attempt found out; False when its lease is lost."""
        statement = (
            update(JobRow)
            .where(JobRow.id == id, JobRow.lease_token == token)
            .values(record=record)
            .returning(JobRow.id)
        )
        return (await connection.execute(statement)).one_or_none() is not None

    async def lapsed(self, connection: AsyncConnection, limit: int, *, everything: bool = False) -> list[Job]:
        """Jobs whose worker fell silent; with `everything` all that are at work, whatever their lease says."""
        query = select(*COLUMNS).where(JobRow.status.in_(AT_WORK)).limit(limit)
        if not everything:
            query = query.where(JobRow.lease_until < self._time.now())
        return [job_of(row) for row in await connection.execute(query)]

    async def count_due(self, connection: AsyncConnection, kind: JobKind, most: int) -> int:
        """How many jobs may be claimed now; not counted beyond `most`."""
        count: int = await value(connection, self._count_due(kind, most))
        return count

    @built_once
    def _count_due(self, kind: JobKind, most: int) -> Select[tuple[int]]:
        due = select(JobRow.id).where(self.is_claimable(kind)).limit(most).subquery()
        return select(func.count()).select_from(due)

    async def waiting(self, connection: AsyncConnection) -> dict[str, tuple[int, float]]:
        """By kind, how many jobs may be claimed now, and for how many seconds the first of them has been waiting."""
        now = self._time.now()
        query = (
            select(JobRow.kind, func.count(), func.min(JobRow.run_at), now)
            .where(JobRow.status == "queued", JobRow.run_at <= now)
            .group_by(JobRow.kind)
        )
        rows = (await connection.execute(query)).all()
        return {kind: (count, (moment - since).total_seconds()) for kind, count, since, moment in rows}

    async def overdue(self, connection: AsyncConnection, kind: JobKind, stale: timedelta, limit: int) -> Sequence[str]:
        """Due jobs whose last wake-up is older than `stale`."""
        query = (
            select(JobRow.id)
            .where(JobRow.status == "queued", JobRow.kind == kind, JobRow.run_at <= self._time.now())
            .where(self._is_stale(stale))
            .order_by(JobRow.run_at)
            .limit(limit)
        )
        return (await connection.execute(query)).scalars().all()

    async def wake(self, connection: AsyncConnection, ids: Collection[str], stale: timedelta) -> Sequence[str]:
        """Mark these as woken; give back which of them nobody else woke meanwhile."""
        statement = (
            update(JobRow)
            .where(JobRow.id.in_(ids), JobRow.status == "queued", self._is_stale(stale))
            .values(woken_at=self._time.now())
            .returning(JobRow.id)
        )
        return (await connection.execute(statement)).scalars().all()

    def _is_stale(self, stale: timedelta) -> ColumnElement[bool]:
        return (JobRow.woken_at < self._time.now(-stale)) | JobRow.woken_at.is_(None)

    async def late(self, connection: AsyncConnection, limit: int) -> Sequence[str]:
        """Ids of queued jobs whose deadline is over."""
        query = select(JobRow.id).where(JobRow.status == "queued", JobRow.deadline_at <= self._time.now()).limit(limit)
        return (await connection.execute(query)).scalars().all()

    async def seconds_until_due(self, connection: AsyncConnection) -> float | None:
        """How long until the next waiting job's time or deadline comes; None when none waits for either."""
        now = self._time.now()
        times = (
            select(func.min(moment)).where(JobRow.status == "queued", moment > now).scalar_subquery()
            for moment in (JobRow.run_at, JobRow.deadline_at)
        )
        *moments, moment = (await connection.execute(select(*times, now))).one()
        return min(((due - moment).total_seconds() for due in moments if due is not None), default=None)
