"""Rows of `cleanup` and `idempotency_key`: what must be removed later, and what was asked already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import FromClause, Insert, Select, String, delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import SqlTime
from jobs.ids import new_id
from jobs.repositories.records import parameters_of, records
from jobs.repositories.statements import built_once, rows
from schema.tables import CleanupRow, IdempotencyRow


@dataclass(frozen=True, slots=True)
class Chore:
    """Objects to be removed: all below `prefix` that no library owns."""

    id: str
    prefix: str


class CleanupRepository:
    """Statements on `cleanup`."""

    def __init__(self, time: SqlTime) -> None:
        self._time = time

    async def insert(self, connection: AsyncConnection, prefix: str, delay: timedelta = timedelta()) -> Chore:
        """Note garbage to be removed after `delay`."""
        chore = Chore(new_id(), prefix)
        await connection.execute(insert(CleanupRow).values(id=chore.id, prefix=prefix, due_at=self._time.now(delay)))
        return chore

    async def due(self, connection: AsyncConnection, limit: int) -> list[Chore]:
        """Garbage whose time has come."""
        query = (
            select(CleanupRow.id, CleanupRow.prefix)
            .where(CleanupRow.due_at <= self._time.now())
            .order_by(CleanupRow.due_at)
            .limit(limit)
        )
        return [Chore(*row) for row in await connection.execute(query)]

    async def done(self, connection: AsyncConnection, chore: Chore) -> None:
        """Forget garbage that is gone."""
        await connection.execute(delete(CleanupRow).where(CleanupRow.id == chore.id))


class IdempotencyRepository:
    """Statements on `idempotency_key`."""

    def __init__(self, time: SqlTime) -> None:
        self._time = time

    async def insert(self, connection: AsyncConnection, owner: str, key: str, fingerprint: str, job_id: str) -> None:
        """Bind a key to its first request."""
        columns = {"owner": owner, "key": key, "fingerprint": fingerprint, "job_id": job_id}
        await rows(connection, self._insert(), columns)

    @built_once
    def _insert(self) -> Insert:
        return insert(IdempotencyRow).values(created_at=self._time.now())

    def insert_from(self, jobs: FromClause) -> Insert:
        """The same for a server's larger statement: of each of `jobs` that has a `key`, with its `fingerprint`."""
        columns = {
            IdempotencyRow.owner: jobs.c.owner,
            IdempotencyRow.key: jobs.c.key,
            IdempotencyRow.fingerprint: jobs.c.fingerprint,
            IdempotencyRow.job_id: jobs.c.id,
            IdempotencyRow.created_at: self._time.now(),
        }
        return insert(IdempotencyRow).from_select(
            list(columns), select(*columns.values()).where(jobs.c.key.is_not(None))
        )

    async def first(self, connection: AsyncConnection, owner: str, key: str) -> tuple[str, str] | None:
        """The (fingerprint, job id) that a key is bound to."""
        return (await self.first_of(connection, [(owner, key)])).get((owner, key))

    async def first_of(
        self, connection: AsyncConnection, keys: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], tuple[str, str]]:
        """The (fingerprint, job id) that each of these keys of owners is bound to; new ones are left out."""
        asked = parameters_of({"owner": owner, "key": key} for owner, key in keys)
        found = await rows(connection, self._first_of(connection.dialect.name), asked)
        return {(owner, key): (fingerprint, job_id) for owner, key, fingerprint, job_id in found}

    @built_once
    def _first_of(self, dialect: str) -> Select[Any]:
        asked = records(dialect, {"owner": String(), "key": String()}).subquery()
        columns = (IdempotencyRow.owner, IdempotencyRow.key, IdempotencyRow.fingerprint, IdempotencyRow.job_id)
        return select(*columns).join(
            asked, (IdempotencyRow.owner == asked.c.owner) & (IdempotencyRow.key == asked.c.key)
        )

    async def delete_of(self, connection: AsyncConnection, owner: str, before: str) -> None:
        """Forget the keys of an owner's jobs that are older than the job `before`."""
        is_of_one = (IdempotencyRow.owner == owner) & (IdempotencyRow.job_id < before)
        await connection.execute(delete(IdempotencyRow).where(is_of_one))

    async def older(self, connection: AsyncConnection, age: timedelta, limit: int) -> Sequence[tuple[str, str]]:
        """Keys past their keeping, with their owners."""
        query = select(IdempotencyRow.owner, IdempotencyRow.key).where(IdempotencyRow.created_at < self._time.now(-age))
        return [(row.owner, row.key) for row in await connection.execute(query.limit(limit))]

    async def delete_all(self, connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> None:
        """Forget these keys."""
        if keys:
            is_one_of_them = tuple_(IdempotencyRow.owner, IdempotencyRow.key).in_(keys)
            await connection.execute(delete(IdempotencyRow).where(is_one_of_them))
