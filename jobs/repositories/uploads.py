"""Rows of `upload`: uploads from the moment that they were opened until their job is forgotten."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import SqlTime
from jobs.job import Upload
from jobs.lifecycle import UNFINISHED
from schema.tables import JobRow, UploadRow

_COLUMNS = (
    UploadRow.object_path,
    UploadRow.owner,
    UploadRow.job_id,
    UploadRow.incoming_path,
    UploadRow.file_key,
    UploadRow.content_type,
    UploadRow.size,
    UploadRow.max_bytes,
    UploadRow.session_url,
    UploadRow.expires_at,
    UploadRow.stored_bytes,
)


class UploadRepository:
    """Statements on `upload`."""

    def __init__(self, time: SqlTime) -> None:
        self._time = time

    async def insert(self, connection: AsyncConnection, upload: Upload) -> None:
        """Note an upload that may begin."""
        await connection.execute(insert(UploadRow).values(asdict(upload)))

    async def get(self, connection: AsyncConnection, object_path: str) -> Upload | None:
        """The upload that was opened for a path."""
        return await self._one(connection, UploadRow.object_path == object_path)

    async def of_job(self, connection: AsyncConnection, job_id: str) -> Upload | None:
        """The upload that a job is about."""
        return await self._one(connection, UploadRow.job_id == job_id)

    async def incoming(self, connection: AsyncConnection, incoming_path: str) -> Upload | None:
        """The upload whose bytes go to a path."""
        return await self._one(connection, UploadRow.incoming_path == incoming_path)

    async def _one(self, connection: AsyncConnection, condition: ColumnElement[bool]) -> Upload | None:
        row = (await connection.execute(select(*_COLUMNS).where(condition))).one_or_none()
        return None if row is None else Upload(*row)

    async def complete(self, connection: AsyncConnection, object_path: str, stored_bytes: int) -> bool:
        """Note that the bytes have arrived; False when that was noted before."""
        statement = (
            update(UploadRow)
            .where(UploadRow.object_path == object_path, UploadRow.stored_bytes.is_(None))
            .values(stored_bytes=stored_bytes)
            .returning(UploadRow.object_path)
        )
        return (await connection.execute(statement)).one_or_none() is not None

    async def pending_bytes(self, connection: AsyncConnection, owner: str) -> int:
        """How many bytes the owner's unfinished uploads may still bring."""
        bytes_each = func.coalesce(UploadRow.stored_bytes, UploadRow.size, UploadRow.max_bytes)
        query = (
            select(func.coalesce(func.sum(bytes_each), 0))
            .join(JobRow, JobRow.id == UploadRow.job_id)
            .where(UploadRow.owner == owner, JobRow.status.in_(UNFINISHED))
        )
        return int((await connection.execute(query)).scalar_one())

    async def expired(self, connection: AsyncConnection, grace: timedelta, limit: int) -> Sequence[str]:
        """Ids of the jobs of uploads that were not completed until `grace` after their URL expired."""
        query = (
            select(UploadRow.job_id)
            .join(JobRow, JobRow.id == UploadRow.job_id)
            .where(
                UploadRow.stored_bytes.is_(None),
                UploadRow.expires_at < self._time.now(-grace),
                JobRow.status == "queued",
            )
            .limit(limit)
        )
        return (await connection.execute(query)).scalars().all()

    async def delete_of(self, connection: AsyncConnection, job_ids: Collection[str]) -> None:
        """Forget the uploads of jobs that are forgotten."""
        await connection.execute(delete(UploadRow).where(UploadRow.job_id.in_(job_ids)))
