"""Rows of `cleanup` and `idempotency_key`: what must be removed later, and what was asked already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import SqlTime
from jobs.ids import new_id
from jobs.repositories.statements import built_once, first, rows
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

    async def claim(  # one row's columns
        self, connection: AsyncConnection, owner: str, key: str, fingerprint: str, job_id: str
    ) -> tuple[str, str] | None:
        """Bind a key to its first request; None, or the (fingerprint, job id) that it is bound to already."""
        columns = {"owner": owner, "key": key, "fingerprint": fingerprint, "job_id": job_id}
        claimed = await rows(connection, self._claim(connection.dialect.name), columns)
        return None if claimed else await self.first(connection, owner, key)

    @built_once
    def _claim(self, dialect: str) -> Any:
        insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
        statement = insert(IdempotencyRow).values(created_at=self._time.now())
        return statement.on_conflict_do_nothing().returning(IdempotencyRow.key)

    async def first(self, connection: AsyncConnection, owner: str, key: str) -> tuple[str, str] | None:
        """The (fingerprint, job id) that a key is bound to."""
        row = await first(connection, self._first(), {"owner": owner, "key": key})
        return None if row is None else (row[0], row[1])

    @built_once
    def _first(self) -> Select[Any]:
        return select(IdempotencyRow.fingerprint, IdempotencyRow.job_id).where(
            IdempotencyRow.owner == bindparam("owner"), IdempotencyRow.key == bindparam("key")
        )

    async def delete_of(self, connection: AsyncConnection, owner: str, moment: datetime) -> None:
        """Forget the keys that an owner had used by a moment."""
        await connection.execute(
            delete(IdempotencyRow).where(IdempotencyRow.owner == owner, IdempotencyRow.created_at <= moment)
        )

    async def older(self, connection: AsyncConnection, age: timedelta, limit: int) -> Sequence[tuple[str, str]]:
        """Keys past their keeping, with their owners."""
        query = select(IdempotencyRow.owner, IdempotencyRow.key).where(IdempotencyRow.created_at < self._time.now(-age))
        return [(row.owner, row.key) for row in await connection.execute(query.limit(limit))]

    async def delete_all(self, connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> None:
        """Forget these keys."""
        if keys:
            is_one_of_them = tuple_(IdempotencyRow.owner, IdempotencyRow.key).in_(keys)
            await connection.execute(delete(IdempotencyRow).where(is_one_of_them))
