"""Jobs and media as clients see them, put together from rows, the library and the live log."""

from collections.abc import Sequence
from itertools import groupby
from typing import get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.eventlog import EventLog, LogUnavailable
from jobs.job import Job, Media, Upload
from jobs.lifecycle import AT_WORK
from jobs.record import record_of
from jobs.repositories.media import MediaRepository
from jobs.repositories.queue import QueueRepository
from jobs.urls import Urls
from schema.events import GenerationComplete
from schema.responses import (
    GenerationResult,
    JobError,
    JobKind,
    JobView,
    MediaItem,
    ModelTry,
    OutputFailure,
    UploadOpened,
    UploadResult,
)
from storage.store import PresignedUpload


class Views:
    """Builds what clients see; a batch costs as many queries as a single job."""

    def __init__(self, queue: QueueRepository, media: MediaRepository, log: EventLog, urls: Urls) -> None:
        self._queue = queue
        self._media = media
        self._log = log
        self._urls = urls

    def item(self, media: Media) -> MediaItem:
        """One object of the library."""
        return MediaItem(
            path=media.path,
            url=self._urls.file(media.file_key),
            kind=media.kind,
            source=media.source,
            content_type=media.content_type,
            size=media.size,
            width=media.width,
            height=media.height,
            duration_seconds=media.duration_seconds,
            thumbnail_url=self._urls.file(media.thumbnail_key) if media.thumbnail_key else None,
            placeholder=media.placeholder,
            sha256=media.sha256,
            job_id=media.job_id,
            prompt=media.prompt,
            model=media.model,
            seed=media.seed,
            created_at=media.created_at,
        )

    def completion(self, job: Job, media: Sequence[Media]) -> GenerationComplete:
        """The end of a generation with these outputs, as it is told."""
        items = [self.item(each) for each in media]
        return GenerationComplete(job_id=job.id, result=GenerationResult(media=items, failures=failures_of(job)))

    async def jobs(self, connection: AsyncConnection, jobs: Sequence[Job]) -> list[JobView]:
        """Jobs in the order given."""
        places = await self._places(connection, jobs)
        made = await self._made(connection, jobs)
        live = await self._live(jobs)
        return [self._view(job, places.get(job.id), made.get(job.id, []), live.get(job.id)) for job in jobs]

    async def job(self, connection: AsyncConnection, job: Job) -> JobView:
        """One job."""
        return (await self.jobs(connection, [job]))[0]

    async def _places(self, connection: AsyncConnection, jobs: Sequence[Job]) -> dict[str, int]:
        places: dict[str, int] = {}
        for kind in get_args(JobKind):
            queued = [job.id for job in jobs if job.kind == kind and job.status == "queued"]
            if queued:
                places |= await self._queue.places(connection, kind, queued)
        return places

    async def _made(self, connection: AsyncConnection, jobs: Sequence[Job]) -> dict[str, list[Media]]:
        succeeded = [job.id for job in jobs if job.status == "succeeded"]
        if not succeeded:
            return {}
        media = await self._media.of_jobs(connection, succeeded)
        return {job_id: list(group) for job_id, group in groupby(media, key=lambda each: each.job_id) if job_id}

    async def _live(self, jobs: Sequence[Job]) -> dict[str, tuple[float | None, str | None]]:
        """How far running jobs are by what was told last: the row learns it only with the next heartbeat."""
        running = {job.id: job.claims for job in jobs if job.status in AT_WORK}
        if not running:
            return {}
        try:
            told = await self._log.progress_of(running)
        except LogUnavailable:
            return {}
        return {
            job_id: (progress, message)
            for job_id, (claim, progress, message) in told.items()
            if claim == running[job_id]
        }

    def _view(
        self, job: Job, place: int | None, made: list[Media], live: tuple[float | None, str | None] | None
    ) -> JobView:
        progress, message = live if live is not None else (job.progress, job.message)
        record = record_of(job)
        return JobView(
            job_id=job.id,
            kind=job.kind,
            status=job.status,
            progress=progress,
            message=message,
            queue_position=place,
            request=job.request,
            result=self._result(job, made),
            error=JobError(**job.error) if job.error else None,
            attempts=job.attempts,
            tried=[ModelTry(model=each.model, code=each.code) for each in record.tries],
            cost=record.cost,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )

    def _result(self, job: Job, made: list[Media]) -> GenerationResult | UploadResult | None:
        if job.status != "succeeded":
            return None
        items = [self.item(media) for media in made]
        if job.kind in {"image", "video"}:
            return GenerationResult(media=items, failures=failures_of(job))
        return UploadResult(url=items[0].url, path=items[0].path) if items else None


def failures_of(job: Job) -> list[OutputFailure]:
    """The outputs that did not come while others did."""
    return [OutputFailure(index=each.index, code=each.code, message=each.message) for each in record_of(job).lacks]


def upload_opened(upload: Upload, presigned: PresignedUpload) -> UploadOpened:
    """What a client that opened an upload sends its bytes by."""
    return UploadOpened(
        job_id=upload.job_id,
        upload_url=presigned.url,
        object_path=upload.object_path,
        method=presigned.method,
        headers=dict(presigned.headers),
        expires_at=presigned.expires_at,
        max_bytes=presigned.max_bytes,
        resumable=upload.session_url is not None,
    )
