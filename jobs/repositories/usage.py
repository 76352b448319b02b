"""Rows of `usage`: one for each owner, day and model, added to by every job that ends."""

from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import CTE, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.job import Use
from jobs.repositories.statements import built_once, given, rows, values_of
from schema.models import MediaKind
from schema.tables import UsageRow

_GIVEN = (UsageRow.owner, UsageRow.day, UsageRow.model, UsageRow.kind, UsageRow.outputs, UsageRow.cost)


class UsageRepository:
    """Statements on `usage`."""

    async def add(self, connection: AsyncConnection, use: Use) -> None:
        """One more job, and what it came to."""
        await rows(connection, self._add(connection.dialect.name), asdict(use))

    @built_once
    def _add(self, dialect: str) -> Any:
        return _adding((sqlite_insert if dialect == "sqlite" else postgresql_insert)(UsageRow).values(jobs=1))

    def add_from(self, ended: CTE) -> Any:
        """The same for a server's larger statement, once for each job in `ended`, with `parameters`."""
        values = {UsageRow.jobs: literal(1, UsageRow.jobs.type), **given("use", _GIVEN)}
        each = select(*values.values()).select_from(ended)
        return _adding(postgresql_insert(UsageRow).from_select(list(values), each))

    @staticmethod
    def parameters(use: Use) -> dict[str, Any]:
        """The parameters of `add_from`."""
        return values_of("use", asdict(use))

    async def between(
        self, connection: AsyncConnection, owner: str, since: date, until: date
    ) -> list[tuple[date, str, MediaKind, dict[str, Any]]]:
        """The owner's rows of these days, both included: day, model, kind and the sums."""
        query = (
            select(UsageRow.day, UsageRow.model, UsageRow.kind, UsageRow.jobs, UsageRow.outputs, UsageRow.cost)
            .where(UsageRow.owner == owner, UsageRow.day.between(since, until))
            .order_by(UsageRow.day, UsageRow.model)
        )
        rows = await connection.execute(query)
        return [
            (row.day, row.model, row.kind, {"jobs": row.jobs, "outputs": row.outputs, "cost": row.cost}) for row in rows
        ]

    async def delete_of(self, connection: AsyncConnection, owner: str) -> None:
        """Forget what the owner used."""
        await connection.execute(delete(UsageRow).where(UsageRow.owner == owner))


def _adding(insert: Any) -> Any:
    """To the row that is there already, of the same day and model."""
    added = {
        UsageRow.jobs: UsageRow.jobs + 1,
        UsageRow.outputs: UsageRow.outputs + insert.excluded.outputs,
        UsageRow.cost: UsageRow.cost + insert.excluded.cost,
    }
    return insert.on_conflict_do_update(index_elements=["owner", "day", "model"], set_=added)
