"""The janitor removes stored objects that no library owns, noted with the change that made them garbage."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog

from jobs.clock import Clock
from jobs.database import Database, DatabaseUnavailable
from jobs.garbage import Garbage
from jobs.policies import UploadPolicy
from jobs.repositories.chores import CleanupRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.uploads import UploadRepository
from storage.paths import library_path
from storage.store import MediaObject, PreconditionFailed, StorageError, Store

log = structlog.get_logger(__name__)

BATCH = 100
REMOVE_SECONDS = 5.0


class Janitor(Garbage):
    """Notes garbage and removes it: at once where it can, and else when a sweeper comes by."""

    def __init__(
        self,
        database: Database,
        cleanup: CleanupRepository,
        uploads: UploadRepository,
        media: MediaRepository,
        store: Store,
        *,
        lease: timedelta,
        policy: UploadPolicy,
        clock: Clock,
    ) -> None:
        super().__init__(cleanup, uploads, lease=lease, policy=policy, clock=clock)
        self._database = database
        self._media = media
        self._store = store

    async def remove(self, prefixes: Iterable[str], before: datetime | None = None) -> None:
        """Remove what is there now, or was stored `before`. Raises `StorageError`, `DatabaseUnavailable`."""
        for prefix in prefixes:
            await self._remove(prefix, before)

    async def try_to_remove(self, prefixes: Iterable[str]) -> None:
        """Remove what is there now, if storage and database answer; what was noted is removed later all the same."""
        try:
            async with asyncio.timeout(REMOVE_SECONDS):
                await self.remove(prefixes)
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

    async def _remove(self, prefix: str, before: datetime | None = None) -> None:
        listed = [each async for each in self._store.list(prefix)]
        found = [each for each in listed if before is None or each.created_at < before]
        for start in range(0, len(found), BATCH):
            await self._remove_unowned(found[start : start + BATCH])

    async def _remove_unowned(self, found: list[MediaObject]) -> None:
        """Delete what no row of a library stands for; naming the generation spares what was written since."""
        paths = {path for each in found if (path := library_path(each.path)) is not None}
        async with self._database.reading() as connection:
            owned = await self._media.owned_of(connection, paths)
        for each in found:
            if library_path(each.path) in owned:
                continue
            try:
                await self._store.delete(each.path, generation=each.generation)
            except PreconditionFailed:
                log.info("object_was_replaced_meanwhile")
