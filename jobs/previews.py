"""Previews: what a job's events show of it while it runs, stored apart from any library and gone with the job."""

from collections.abc import AsyncIterator
from datetime import timedelta

from jobs.database import Database
from jobs.garbage import Garbage
from jobs.job import Job, Lease
from schema.models import MediaKind
from storage.paths import preview_object, preview_prefix
from storage.store import Store

URL_SECONDS = 3600.0
LEFT_FOR = timedelta(days=1)
"""After this what a worker left that was killed is removed, where its job has no deadline."""


class Previews:
    """Stores pictures of unfinished work, each run of a job at paths of its own."""

    def __init__(self, database: Database, garbage: Garbage, store: Store) -> None:
        self._database = database
        self._garbage = garbage
        self._store = store

    async def begin(self, lease: Lease) -> None:
        """Have what this job will show removed, whatever becomes of its workers. Raises `DatabaseUnavailable`."""
        job = lease.job
        delay = LEFT_FOR if lease.seconds_left is None else timedelta(seconds=lease.seconds_left)
        prefix = preview_prefix(job.owner, kind_of(job), job.id)
        await self._database.transaction(lambda connection: self._garbage.note(connection, [prefix], delay))

    async def put(self, lease: Lease, number: int, content: bytes, content_type: str) -> str:
        """Store the run's picture of this number; a URL that reads it for an hour. Raises `StorageError`."""
        path = _path(lease, number)
        await self._store.upload(path, _chunks(content), content_type)
        return await self.url(path)

    async def url(self, path: str) -> str:
        """A URL that reads what is stored already, for an hour. Raises `StorageError`."""
        return await self._store.get_url(path, expires_in=URL_SECONDS)

    async def remove(self, lease: Lease, number: int) -> None:
        """Remove the run's picture of this number. Raises `StorageError`."""
        await self._store.delete(_path(lease, number))


def kind_of(job: Job) -> MediaKind:
    """What a generation makes."""
    return "video" if job.kind == "video" else "image"


def _path(lease: Lease, number: int) -> str:
    job = lease.job
    return preview_object(job.owner, kind_of(job), job.id, job.claims, number)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content
