"""Giving a job up for which no attempt will come: it fails, or succeeds with what its attempts stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.janitor import Janitor
from jobs.job import Job, Media
from jobs.lifecycle import Move
from jobs.policies import dump
from jobs.record import Lack, dump_record, record_of
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.views import Views
from schema.responses import JobError, JobStatus
from storage.store import ObjectNotFound, Store


class Salvage:
    """Ends jobs from outside of their work. What there is is not thrown away for what there is not."""

    def __init__(
        self,
        jobs: JobRepository,
        media: MediaRepository,
        *,
        announcer: Announcer,
        janitor: Janitor,
        views: Views,
        store: Store,
    ) -> None:
        self._jobs = jobs
        self._media = media
        self._announcer = announcer
        self._janitor = janitor
        self._views = views
        self._store = store

    async def stored(self, job: Job) -> list[Media]:
        """The outputs that attempts left and that are still there: a store in memory forgets. Raises `StorageError`."""
        found = []
        for media in sorted(record_of(job).outputs, key=lambda each: each.output_index):
            try:
                await self._store.stat(media.path)
            except ObjectNotFound:
                continue
            found.append(media)
        return found

    async def give_up(
        self,
        connection: AsyncConnection,
        job: Job,
        source: JobStatus,
        by: Move,
        error: JobError,
        stored: Sequence[Media],
        **conditions: Any,
    ) -> Job | None:
        """End it by `error`, which with `stored` befell only the rest; None where it is not in `source` any more."""
        if stored:
            return await self._keep(connection, job, source, error, stored, **conditions)
        ended = await self._jobs.move(connection, job.id, source, by, error=dump(error), **conditions)
        if ended is not None:
            await self._janitor.note_outputs(connection, ended)
            await self._announcer.failed(connection, ended, error)
        return ended

    async def _keep(
        self,
        connection: AsyncConnection,
        job: Job,
        source: JobStatus,
        error: JobError,
        stored: Sequence[Media],
        **conditions: Any,
    ) -> Job | None:
        record = record_of(job)
        decided = {each.output_index for each in stored} | {each.index for each in record.lacks}
        rest = [Lack(index, error.code, error.message) for index in range(job.request["n"]) if index not in decided]
        kept = dump_record(replace(record, lacks=(*record.lacks, *rest)).of_the_end())
        ended = await self._jobs.move(
            connection,
            job.id,
            source,
            "succeed",
            progress=100.0,
            message=None,
            record=kept,
            **conditions,
        )
        if ended is not None:
            await self._media.insert(connection, stored)
            await self._janitor.note_outputs(connection, ended)
            await self._announcer.complete(
                connection, ended, self._views.completion(ended, stored), outputs=len(stored)
            )
        return ended
