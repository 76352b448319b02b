"""Rows of `usage`: one for each owner, day and model, added to by every job that ends."""

from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from jobs.repositories.statements import built_once, first, rows
from schema.models import MediaKind
from schema.responses import JobKind
from schema.tables import UsageRow


class UsageRepository:
    """Statements on `usage`."""

    async def add(
        self,
        connection: AsyncConnection,
        *,
        owner: str,
        day: date,
        model: str,
        kind: JobKind,
        outputs: int,
        cost: float,
    ) -> None:
        """One more job, and what it came to."""
        more = {"of": owner, "on": day, "by": model, "more_outputs": outputs, "more_cost": cost}
        if await first(connection, self._add(), more) is None:
            columns = {"owner": owner, "day": day, "model": model, "kind": kind, "outputs": outputs, "cost": cost}
            await rows(connection, self._begin(connection.dialect.name), columns)

    @built_once
    def _add(self) -> ReturningUpdate[Any]:
        is_it = (UsageRow.owner == bindparam("of"), UsageRow.day == bindparam("on"), UsageRow.model == bindparam("by"))
        return (
            update(UsageRow)
            .where(*is_it)
            .values(
                jobs=UsageRow.jobs + 1,
                outputs=UsageRow.outputs + bindparam("more_outputs"),
                cost=UsageRow.cost + bindparam("more_cost"),
            )
            .returning(UsageRow.jobs)
        )

    @built_once
    def _begin(self, dialect: str) -> Any:
        """For the first of a day, and whoever is it at the same time; SQLAlchemy compiles its like each time."""
        insert: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
        statement = insert(UsageRow).values(jobs=1)
        added = {
            UsageRow.jobs: UsageRow.jobs + 1,
            UsageRow.outputs: UsageRow.outputs + statement.excluded.outputs,
            UsageRow.cost: UsageRow.cost + statement.excluded.cost,
        }
        return statement.on_conflict_do_update(index_elements=["owner", "day", "model"], set_=added)

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
