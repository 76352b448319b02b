"""The eraser removes everything of one user: media, derivatives, jobs, events, keys, and the log's memory of them."""

import asyncio
from collections.abc import Callable
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.database import Database
from jobs.eventlog import EventLog
from jobs.janitor import Janitor
from jobs.job import Job
from jobs.library import Library
from jobs.outbox import Outbox
from jobs.repositories.chores import IdempotencyRepository
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.uploads import UploadRepository
from jobs.repositories.usage import UsageRepository
from jobs.service import JobService
from storage.paths import user_prefixes

BATCH = 100
STOPPING_SECONDS = 15.0
LOOK_SECONDS = 0.1


class StillRunning(Exception):
    """A job of the user has not stopped yet."""


class Eraser:
    """What the user makes after the erasure was asked for is not touched; it can be run again from anywhere."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        media: MediaRepository,
        events: EventRepository,
        keys: IdempotencyRepository,
        uploads: UploadRepository,
        usage: UsageRepository,
        *,
        service: JobService,
        outbox: Outbox,
        library: Library,
        janitor: Janitor,
        log: EventLog,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._media = media
        self._events = events
        self._keys = keys
        self._uploads = uploads
        self._usage = usage
        self._service = service
        self._outbox = outbox
        self._library = library
        self._janitor = janitor
        self._log = log

    async def erase(self, job: Job, report: Callable[[int, int], None]) -> None:
        """Erase what `job`'s owner had when it was made; `report` gets units done and in all.

        Raises `StillRunning`, `LogUnavailable`, `StorageError`, `DatabaseUnavailable`.
        """
        await self._stop_jobs(job)
        units = await self._delete_media(job, report)
        # Open streams hear how those jobs ended: a worker may have been slower to tell it than this is to forget it.
        await self._outbox.tell_all_of(job.owner)
        await self._database.transaction(partial(self._forget, job=job))
        await self._janitor.remove(user_prefixes(job.owner), before=job.created_at)
        await self._log.forget(job.owner)
        report(units, units)

    async def _stop_jobs(self, job: Job) -> None:
        for earlier in await self._unfinished(job):
            await self._service.cancel(job.owner, earlier)
        try:
            async with asyncio.timeout(STOPPING_SECONDS):
                while await self._unfinished(job):  # noqa: ASYNC110  # other processes end these jobs
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError as error:
            raise StillRunning from error

    async def _unfinished(self, job: Job) -> list[str]:
        async with self._database.reading() as connection:
            return await self._jobs.unfinished_before(connection, job.owner, job.id)

    async def _delete_media(self, job: Job, report: Callable[[int, int], None]) -> int:
        """Take the media out of the library; how many units the whole erasure has."""
        async with self._database.reading() as connection:
            paths = await self._media.paths_before(connection, job.owner, job.id, job.created_at)
        for done, path in enumerate(paths, start=1):
            await self._library.remove(job.owner, path)
            report(done, len(paths) + 1)
        return len(paths) + 1

    async def _forget(self, connection: AsyncConnection, job: Job) -> None:
        while earlier := await self._jobs.finished_of(connection, job.owner, job.id, BATCH):
            ids = [each.id for each in earlier]
            for each in earlier:
                await self._janitor.note_end(connection, each)
            await self._events.delete_of(connection, ids)
            await self._uploads.delete_of(connection, ids)
            await self._jobs.delete_all(connection, ids)
        await self._events.delete_jobless_of(connection, job.owner)
        await self._keys.delete_of(connection, job.owner, job.id)
        await self._usage.delete_of(connection, job.owner)
