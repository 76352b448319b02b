"""Rows of `event`: what happened, in the order in which it must be told, and whether it was."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    String,
    Update,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import SqlTime
from jobs.ids import new_id
from jobs.job import NewEvent, StoredEvent
from jobs.repositories.statements import built_once, first, given, rows, values_of
from schema.tables import EventRow

_COLUMNS = (
    EventRow.id,
    EventRow.owner,
    EventRow.job_id,
    EventRow.seq,
    EventRow.name,
    EventRow.payload,
    EventRow.is_terminal,
    EventRow.published_id,
)
OF_NEW = (EventRow.id, EventRow.seq, EventRow.name, EventRow.payload, EventRow.is_terminal)
"""The columns of an event that differ from event to event of a job."""


class EventRepository:
    """Statements on `event`."""

    def __init__(self, time: SqlTime) -> None:
        self._time = time

    async def insert(
        self,
        connection: AsyncConnection,
        *,
        owner: str,
        job_id: str | None,
        seq: int,
        name: str,
        payload: str,
        is_terminal: bool = False,
        id: str | None = None,
    ) -> StoredEvent:
        """Write an event; a second one with a job's number, or a second terminal one, breaks a unique index."""
        event = StoredEvent(id or new_id(), owner, job_id, seq, name, payload, is_terminal, None)
        await self.store(connection, event)
        return event

    async def store(self, connection: AsyncConnection, event: StoredEvent) -> None:
        """Write an event that is made already."""
        columns = asdict(event)
        del columns["published_id"]
        await rows(connection, self._insert(), columns)

    @built_once
    def _insert(self) -> Insert:
        return insert(EventRow).values(created_at=self._time.now())

    def insert_from(self, jobs: FromClause, *conditions: ColumnElement[bool], is_told_by_jobs: bool = False) -> Insert:
        """The same for a server's larger statement: an event for each of `jobs`, with `parameters`.

        Where it is told by the jobs, these have a column `event_…` for each of them.
        """
        told = (
            {column: jobs.c[f"event_{column.key}"] for column in OF_NEW} if is_told_by_jobs else given("event", OF_NEW)
        )
        event: dict[Any, Any] = {
            EventRow.owner: jobs.c.owner,
            EventRow.job_id: jobs.c.id,
            EventRow.created_at: self._time.now(),
            **told,
        }
        return insert(EventRow).from_select(list(event), select(*event.values()).where(*conditions).select_from(jobs))

    @staticmethod
    def parameters(event: NewEvent) -> dict[str, Any]:
        """The parameters of `insert_from`."""
        return values_of("event", asdict(event))

    async def get(self, connection: AsyncConnection, id: str) -> StoredEvent | None:
        """One event."""
        row = (await connection.execute(select(*_COLUMNS).where(EventRow.id == id))).one_or_none()
        return None if row is None else StoredEvent(*row)

    async def of_job(self, connection: AsyncConnection, job_id: str) -> list[StoredEvent]:
        """What one job has told and will tell, in order."""
        query = select(*_COLUMNS).where(EventRow.job_id == job_id).order_by(EventRow.seq)
        return [StoredEvent(*row) for row in await connection.execute(query)]

    async def unpublished_of(self, connection: AsyncConnection, job_id: str) -> list[StoredEvent]:
        """What of one job was not told yet, in order."""
        return [StoredEvent(*row) for row in await rows(connection, self._unpublished_of(), {"job": job_id})]

    @built_once
    def _unpublished_of(self) -> Select[Any]:
        is_of_job = EventRow.job_id == bindparam("job")
        return select(*_COLUMNS).where(is_of_job, EventRow.published_id.is_(None)).order_by(EventRow.seq)

    async def unpublished_by(self, connection: AsyncConnection, owner: str) -> list[StoredEvent]:
        """What of one user was not told yet, in the order of each job."""
        query = (
            select(*_COLUMNS)
            .where(EventRow.owner == owner, EventRow.published_id.is_(None))
            .order_by(EventRow.job_id, EventRow.seq)
        )
        return [StoredEvent(*row) for row in await connection.execute(query)]

    async def unpublished(self, connection: AsyncConnection, older_than: timedelta, limit: int) -> list[StoredEvent]:
        """What was not told although it should have been; in the order of each job."""
        query = (
            select(*_COLUMNS)
            .where(EventRow.published_id.is_(None), EventRow.created_at < self._time.now(-older_than))
            .order_by(EventRow.created_at, EventRow.seq)
            .limit(limit)
        )
        return [StoredEvent(*row) for row in await connection.execute(query)]

    async def mark_published(self, connection: AsyncConnection, published: Collection[tuple[str, str]]) -> None:
        """Note the ids that the log gave: pairs of (event id, published id). On a server it is one statement."""
        if connection.dialect.name == "sqlite":
            for event_id, published_id in published:
                await connection.execute(
                    update(EventRow).where(EventRow.id == event_id).values(published_id=published_id)
                )
            return
        told = {"told": [event_id for event_id, _ in published], "told_as": [told_as for _, told_as in published]}
        await rows(connection, self._mark_published(), told)

    @built_once
    def _mark_published(self) -> Update:
        ids, published_ids = (
            cast(bindparam(name, type_=ARRAY(String)), ARRAY(column.type))
            for name, column in (("told", EventRow.id), ("told_as", EventRow.published_id))
        )
        named = (column("id", EventRow.id.type), column("published_id", EventRow.published_id.type))
        told = func.unnest(ids, published_ids).table_valued(*named).render_derived("told")
        return update(EventRow).where(EventRow.id == told.c.id).values(published_id=told.c.published_id)

    async def terminal(self, connection: AsyncConnection, job_id: str) -> StoredEvent | None:
        """The event that a job ended with."""
        row = await first(connection, self._terminal(), {"job": job_id})
        return None if row is None else StoredEvent(*row)

    @built_once
    def _terminal(self) -> Select[Any]:
        return select(*_COLUMNS).where(EventRow.job_id == bindparam("job"), EventRow.is_terminal)

    async def replace_payloads(self, connection: AsyncConnection, payloads: Sequence[tuple[str, str, str]]) -> None:
        """Rewrite what events say: triples of (job id, event name, payload)."""
        for job_id, name, payload in payloads:
            await connection.execute(
                update(EventRow).where(EventRow.job_id == job_id, EventRow.name == name).values(payload=payload)
            )

    async def delete_of(self, connection: AsyncConnection, job_ids: Collection[str]) -> None:
        """Remove the events of jobs that are removed."""
        await connection.execute(delete(EventRow).where(EventRow.job_id.in_(job_ids)))

    async def delete_jobless_of(self, connection: AsyncConnection, owner: str) -> None:
        """Remove the owner's events that belong to no job."""
        await connection.execute(delete(EventRow).where(EventRow.job_id.is_(None), EventRow.owner == owner))

    async def jobless(self, connection: AsyncConnection, age: timedelta, limit: int) -> Sequence[str]:
        """Ids of told events that belong to no job and are older than `age`."""
        query = select(EventRow.id).where(
            EventRow.job_id.is_(None),
            EventRow.published_id.is_not(None),
            EventRow.created_at < self._time.now(-age),
        )
        return (await connection.execute(query.limit(limit))).scalars().all()

    async def delete_all(self, connection: AsyncConnection, ids: Collection[str]) -> None:
        """Remove these events."""
        await connection.execute(delete(EventRow).where(EventRow.id.in_(ids)))
