"""The janitor removes stored objects that no library owns, noted with the change that made them garbage."""

import asyncio
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.database import Database, DatabaseUnavailable
from jobs.job import Job
from jobs.repositories.chores import CleanupRepository
from jobs.repositories.media import MediaRepository
from storage.paths import job_prefix
from storage.store import PreconditionFailed, StorageError, Store

log = structlog.get_logger(__name__)

BATCH = 100
REMOVE_SECONDS = 5.0


def outputs_prefix(job: Job) -> str:
    """What the paths of everything that a job stores begin with."""
    return job_prefix(job.owner, "video" if job.kind == "video" else "image", job.id)


class Janitor:
    """Removes garbage at once where it can, and else when a sweeper comes by."""

    def __init__(
        self,
        database: Database,
        cleanup: CleanupRepository,
        media: MediaRepository,
        store: Store,
        *,
        lease: timedelta,
    ) -> None:
        self._lease = lease
        self._database = database
        self._cleanup = cleanup
        self._media = media
        self._store = store

    async def note(self, connection: AsyncConnection, prefix: str, delay: timedelta = timedelta()) -> None:
        """Have everything below `prefix` removed after `delay`: a worker that is not yet aware may still be storing."""
        await self._cleanup.insert(connection, prefix, delay)

    async def note_outputs(self, connection: AsyncConnection, job: Job) -> None:
        """Have what a job stored removed: now, and again when the last worker that had it must have noticed."""
        await self.note(connection, outputs_prefix(job))
        await self.note(connection, outputs_prefix(job), 2 * self._lease)

    async def try_to_remove(self, prefix: str) -> None:
        """Remove what is there now, if storage and database answer; what was noted is removed later all the same."""
        try:
            async with asyncio.timeout(REMOVE_SECONDS):
                await self._remove(prefix)
        except (StorageError, DatabaseUnavailable, TimeoutError) as error:
            log.info("removal_left_to_the_sweeper", error=type(error).__name__)

    async def work_off(self) -> int:
        """Remove what is due; how many notes that were. Raises `StorageError`."""
        async with self._database.reading() as connection:
            due = await self._cleanup.due(connection, BATCH)
        for chore in due:
            await self._remove(chore.prefix)
            await self._database.transaction(partial(self._cleanup.done, chore=chore))
        return len(due)

    async def _remove(self, prefix: str) -> None:
        found = [each async for each in self._store.list(prefix)]
        if not found:
            return
        async with self._database.reading() as connection:
            owned = await self._media.paths_with(connection, prefix)
        for each in found:
            if each.path not in owned:
                try:
                    await self._store.delete(each.path, generation=each.generation)
                except PreconditionFailed:
                    log.info("object_was_replaced_meanwhile")
