"""Rows of `media`: what each user's library holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Insert, Select, bindparam, delete, func, insert, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.job import Media
from jobs.repositories.statements import built_once, given, rows, values_of
from schema.tables import MediaRow

_COLUMNS = (
    MediaRow.id,
    MediaRow.owner,
    MediaRow.path,
    MediaRow.file_key,
    MediaRow.thumbnail_key,
    MediaRow.kind,
    MediaRow.source,
    MediaRow.content_type,
    MediaRow.size,
    MediaRow.width,
    MediaRow.height,
    MediaRow.duration_seconds,
    MediaRow.placeholder,
    MediaRow.sha256,
    MediaRow.job_id,
    MediaRow.output_index,
    MediaRow.prompt,
    MediaRow.model,
    MediaRow.seed,
    MediaRow.created_at,
)


def _begins(prefix: str) -> ColumnElement[bool]:
    # LIKE folds case on SQLite, and comparisons follow the collation on PostgreSQL; this does neither.
    return func.substr(MediaRow.path, 1, len(prefix)) == prefix


class MediaRepository:
    """Statements on `media`."""

    async def insert(self, connection: AsyncConnection, media: Sequence[Media]) -> None:
        """Add objects to their owners' libraries."""
        for each in media:
            await rows(connection, self._insert(), asdict(each))

    @built_once
    def _insert(self) -> Insert:
        return insert(MediaRow)

    def insert_from(self, ended: FromClause, count: int) -> Insert:
        """The same for a server's larger statement: so many objects if `ended` has a job, with `parameters`."""
        objects = [given(f"media_{index}", _COLUMNS).values() for index in range(count)]
        each = [select(*values).select_from(ended) for values in objects]
        return insert(MediaRow).from_select(list(_COLUMNS), union_all(*each))

    @staticmethod
    def parameters(media: Sequence[Media]) -> dict[str, Any]:
        """The parameters of `insert_from`."""
        values: dict[str, Any] = {}
        for index, each in enumerate(media):
            values |= values_of(f"media_{index}", asdict(each))
        return values

    async def get(self, connection: AsyncConnection, path: str) -> Media | None:
        """The object at a path."""
        row = (await connection.execute(select(*_COLUMNS).where(MediaRow.path == path))).one_or_none()
        return None if row is None else Media(*row)

    async def by_file_key(self, connection: AsyncConnection, key: str) -> Media | None:
        """The object that a permanent URL names, or of which it names the thumbnail."""
        is_named = (MediaRow.file_key == key) | (MediaRow.thumbnail_key == key)
        row = (await connection.execute(select(*_COLUMNS).where(is_named))).one_or_none()
        return None if row is None else Media(*row)

    async def page(
        self,
        connection: AsyncConnection,
        owner: str | None,
        *,
        prefix: str | None,
        kind: str | None,
        source: str | None,
        before: str | None,
        limit: int,
    ) -> list[Media]:
        """The owner's media, or everybody's, newest first.

        `prefix` begins whole paths, `before` is the id that the earlier page ended with.
        """
        query = select(*_COLUMNS).order_by(MediaRow.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(MediaRow.owner == owner)
        if prefix is not None:
            query = query.where(_begins(prefix))
        if kind is not None:
            query = query.where(MediaRow.kind == kind)
        if source is not None:
            query = query.where(MediaRow.source == source)
        if before is not None:
            query = query.where(MediaRow.id < before)
        return [Media(*row) for row in await connection.execute(query)]

    async def of_jobs(self, connection: AsyncConnection, job_ids: Collection[str]) -> list[Media]:
        """What these jobs made that still lives, in the order of each job's outputs."""
        return [Media(*row) for row in await connection.execute(self._of_jobs(), {"jobs": list(job_ids)})]

    @built_once
    def _of_jobs(self) -> Select[Any]:
        is_of_these = MediaRow.job_id.in_(bindparam("jobs"))
        return select(*_COLUMNS).where(is_of_these).order_by(MediaRow.job_id, MediaRow.output_index)

    async def delete(self, connection: AsyncConnection, path: str) -> bool:
        """Take one object out of its library; False when it is not there."""
        statement = delete(MediaRow).where(MediaRow.path == path).returning(MediaRow.id)
        return (await connection.execute(statement)).one_or_none() is not None

    async def paths_before(
        self, connection: AsyncConnection, owner: str, job_id: str, moment: datetime
    ) -> Sequence[str]:
        """The paths of what the owner had at a moment, and of what jobs older than `job_id` have made since."""
        is_earlier = (MediaRow.created_at <= moment) | (MediaRow.job_id < job_id)
        query = select(MediaRow.path).where(MediaRow.owner == owner, is_earlier)
        return (await connection.execute(query)).scalars().all()

    async def bytes_of(self, connection: AsyncConnection, owner: str) -> int:
        """How many bytes the owner's library holds."""
        query = select(func.coalesce(func.sum(MediaRow.size), 0)).where(MediaRow.owner == owner)
        return int((await connection.execute(query)).scalar_one())

    async def delete_everything(self, connection: AsyncConnection) -> Mapping[str, str]:
        """Empty every library; the ids of the jobs whose results these were, and the source of these."""
        statement = delete(MediaRow).returning(MediaRow.job_id, MediaRow.source)
        return {row.job_id: row.source for row in await connection.execute(statement) if row.job_id is not None}

    async def kinds_of(self, connection: AsyncConnection, paths: Collection[str]) -> dict[str, str]:
        """The kinds of the objects at those of `paths` where a library has one."""
        query = select(MediaRow.path, MediaRow.kind).where(MediaRow.path.in_(paths))
        return {row.path: row.kind for row in await connection.execute(query)}

    async def owned_of(self, connection: AsyncConnection, paths: Collection[str]) -> set[str]:
        """Which of these paths some library owns."""
        query = select(MediaRow.path).where(MediaRow.path.in_(paths))
        return set((await connection.execute(query)).scalars())
