"""Uploads from the client's side: opened, completed, aborted, expired. Their verification is a worker's business."""

import contextlib
from collections.abc import Collection
from functools import partial
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer, payload_of
from jobs.background import Background
from jobs.clock import Clock
from jobs.database import Database
from jobs.errors import ContentTypeRefused, NotFound, QuotaExceeded, TooLarge, UploadIncomplete
from jobs.eventlog import EventLog, JobMoment, frame_of
from jobs.garbage import garbage_of
from jobs.ids import new_id, new_key
from jobs.janitor import Janitor
from jobs.job import Job, NewJob, Upload
from jobs.lifecycle import UNFINISHED
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import Limits, UploadPolicy, WakeUps, check_load, check_room, dump, size_in_words
from jobs.presigning import object_path, presign
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.uploads import UploadRepository
from jobs.tracing import Tracing, origin_of
from jobs.urls import Urls
from jobs.views import upload_opened
from schema.events import UploadProgress, event_name
from schema.problems import PROBLEMS
from schema.requests import UploadBody
from schema.responses import JobError, UploadAccepted, UploadOpened
from storage.paths import incoming_object
from storage.store import ObjectNotFound, StorageError, Store

EXPIRED = JobError(code="upload_expired", message=PROBLEMS["upload_expired"].title, retryable=True)
BATCH = 100


class Uploads:
    """Bytes go from the client to storage; here is only what has to be known of them."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        uploads: UploadRepository,
        media: MediaRepository,
        *,
        store: Store,
        announcer: Announcer,
        outbox: Outbox,
        log: EventLog,
        janitor: Janitor,
        wake_ups: WakeUps,
        background: Background,
        urls: Urls,
        clock: Clock,
        limits: Limits,
        policy: UploadPolicy,
        metrics: JobMetrics,
        tracing: Tracing,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._uploads = uploads
        self._media = media
        self._store = store
        self._announcer = announcer
        self._outbox = outbox
        self._log = log
        self._janitor = janitor
        self._wake_ups = wake_ups
        self._background = background
        self._urls = urls
        self._clock = clock
        self._limits = limits
        self._policy = policy
        self._metrics = metrics
        self._tracing = tracing

    async def open(self, owner: str, body: UploadBody, origin: str | None) -> UploadOpened:
        """Make a job that waits for its bytes, and the URL that takes them.

        Raises `ContentTypeRefused`, `TooLarge`, `QuotaExceeded`, `QueueFull`, `StorageError`.
        """
        if body.content_type not in self._policy.types:
            raise ContentTypeRefused(f"files of the type {body.content_type[:100]} can't be uploaded")
        most = min(self._policy.most(body.content_type), self._store.max_object_bytes)
        if body.size is not None and body.size > most:
            raise TooLarge(f"an upload of this type has at most {size_in_words(most)}")
        path = object_path(owner, body)
        async with self._database.reading() as connection:
            check_load(await self._jobs.unfinished(connection), self._limits)
            await check_room(self._jobs, connection, owner, self._limits)
            most = min(most, await self._room(connection, owner, body.size or 1))
        is_resumable = body.resumable or (body.size or 0) > self._policy.resumable_bytes
        presigned = await presign(
            self._store, self._policy, incoming_object(path), body, most, origin, is_resumable=is_resumable
        )
        upload = Upload(
            object_path=path,
            owner=owner,
            job_id=new_id(),
            incoming_path=incoming_object(path),
            file_key=new_key(),
            content_type=body.content_type,
            size=body.size,
            max_bytes=presigned.max_bytes,
            session_url=presigned.url if is_resumable else None,
            expires_at=presigned.expires_at,
            stored_bytes=None,
        )
        try:
            await self._database.serializable(
                partial(self._insert, upload=upload, filename=body.filename),
                recall=partial(self._is_inserted, upload=upload),
            )
        except BaseException:  # nobody will hear of the session
            await self._close_session(upload)
            raise
        structlog.contextvars.bind_contextvars(job_id=upload.job_id)
        self._metrics.submitted("upload")
        self._background.start("tell", self._outbox.tell(upload.job_id))
        return upload_opened(upload, presigned)

    async def _room(self, connection: AsyncConnection, owner: str, size: int) -> int:
        """How many bytes the owner may still bring. Raises `QuotaExceeded` when they are fewer than `size`."""
        used = await self._media.bytes_of(connection, owner)
        used += await self._uploads.pending_bytes(connection, owner)
        room = self._policy.max_bytes_per_user - used
        if room < size:
            whole = size_in_words(self._policy.max_bytes_per_user)
            raise QuotaExceeded(f"there is no room: your library may have {whole}")
        return room

    async def _is_inserted(self, connection: AsyncConnection, upload: Upload) -> Literal[True] | None:
        return True if await self._uploads.get(connection, upload.object_path) is not None else None

    async def _insert(self, connection: AsyncConnection, upload: Upload, filename: str) -> Literal[True]:
        # Once more, and this time nobody else can open one in between.
        await check_room(self._jobs, connection, upload.owner, self._limits)
        await self._room(connection, upload.owner, upload.max_bytes)
        request = {
            "filename": filename,
            "contentType": upload.content_type,
            "size": upload.size,
            "objectPath": upload.object_path,
        }
        new = NewJob(
            upload.job_id,
            upload.owner,
            "upload",
            request,
            self._limits.max_attempts,
            origin_of(self._tracing),
            is_eligible=False,
        )
        job = await self._jobs.insert(connection, new)
        await self._uploads.insert(connection, upload)
        await self._announcer.started(connection, job)
        return True

    async def complete(self, owner: str, object_path: str) -> UploadAccepted:
        """Have the bytes verified; said again, it changes nothing.

        Raises `NotFound`, `UploadIncomplete`, `StorageError`.
        """
        upload, job = await self._owned(owner, object_path)
        structlog.contextvars.bind_contextvars(job_id=upload.job_id)
        if upload.stored_bytes is None:
            if job.status not in UNFINISHED:
                raise NotFound("this upload was aborted, or it expired")
            try:
                stored = await self._store.stat(upload.incoming_path)
            except ObjectNotFound as error:
                raise UploadIncomplete("send the bytes to uploadURL first") from error
            with self._tracing.span(
                "job submit", "producer", {"media.job.kind": "upload", "media.job.id": upload.job_id}
            ):
                is_first = await self._database.transaction(
                    partial(self._complete, upload=upload, size=stored.size, origin=origin_of(self._tracing)),
                    recall=partial(self._is_completed, upload=upload, size=stored.size),
                )
            if is_first:
                self._metrics.completed(stored.size)
                self._background.start("wake_up", self._wake_ups.send("upload", upload.job_id))
                self._background.start("progress", self.note_bytes(upload.incoming_path, stored.size, stored.size))
        return UploadAccepted(job_id=upload.job_id, url=self._urls.file(upload.file_key), path=upload.object_path)

    async def _complete(self, connection: AsyncConnection, upload: Upload, size: int, origin: dict[str, str]) -> bool:
        is_first = await self._uploads.complete(connection, upload.object_path, size)
        deadline = self._limits.deadlines.get("upload")
        return is_first and await self._jobs.make_eligible(connection, upload.job_id, origin, deadline)

    async def _is_completed(self, connection: AsyncConnection, upload: Upload, size: int) -> Literal[True] | None:
        stored = await self._uploads.get(connection, upload.object_path)
        return True if stored is not None and stored.stored_bytes == size else None

    async def unfinished_job(self, owner: str, object_path: str) -> str:
        """The job to cancel in order to abort an upload. Raises `NotFound`, also when it is in the library already."""
        upload, job = await self._owned(owner, object_path)
        if job.status == "succeeded":
            raise NotFound("this upload has ended; delete the object from the library")
        return upload.job_id

    async def discard(self, job: Job, upload: Upload | None = None) -> None:
        """Close a given-up upload's session and remove what it left, as far as storage answers."""
        if upload is None:
            async with self._database.reading() as connection:
                upload = await self._uploads.of_job(connection, job.id)
        if upload is not None:
            await self._close_session(upload)
        await self._janitor.try_to_remove(garbage_of(job))

    async def _close_session(self, upload: Upload) -> None:
        """One that can't be closed now expires by itself, and what it stored by then is noted as garbage."""
        if upload.session_url is not None:
            with contextlib.suppress(StorageError):
                await self._store.abort_resumable(upload.session_url)

    async def expire(self) -> int:
        """Give up uploads that were never completed; how many."""
        async with self._database.reading() as connection:
            expired = await self._uploads.expired(connection, self._policy.grace, BATCH)
        for job_id in expired:
            job = await self._database.transaction(
                partial(self._expire, job_id=job_id), recall=partial(self._expired, job_id=job_id)
            )
            if job is not None:
                self._metrics.finished(job)
                await self.discard(job)
                await self._outbox.tell(job_id)
        return len(expired)

    async def _expire(self, connection: AsyncConnection, job_id: str) -> Job | None:
        job = await self._jobs.move(connection, job_id, "queued", "expire", error=dump(EXPIRED))
        if job is not None:
            await self._janitor.note_abandoned(connection, job)
            await self._announcer.failed(connection, job, EXPIRED)
        return job

    async def _expired(self, connection: AsyncConnection, job_id: str) -> Job | None:
        job = await self._jobs.get(connection, job_id)
        return job if job is not None and job.error == dump(EXPIRED) else None

    async def of_job(self, job: Job) -> Upload:
        """What a job's upload is about. Raises `NotFound`."""
        async with self._database.reading() as connection:
            upload = await self._uploads.of_job(connection, job.id)
        if upload is None:
            raise NotFound("there is no such upload")
        return upload

    async def note_bytes(self, incoming_path: str, committed: int, total: int | None) -> None:
        """Tell that the store has confirmed bytes. Raises `LogUnavailable`."""
        async with self._database.reading() as connection:
            upload = await self._uploads.incoming(connection, incoming_path)
        name = event_name("upload", "progress")
        if upload is None or name is None:
            return
        progress = _stored_part(committed, upload.size or total)
        event = UploadProgress(job_id=upload.job_id, progress=progress)
        await self._outbox.tell(upload.job_id)
        moment = JobMoment(number=0, attempt=0, progress=progress)
        frame = frame_of(name, payload_of(event))
        await self._log.append(upload.owner, upload.job_id, upload.job_id, frame, moment)

    async def forget(self, connection: AsyncConnection, job_ids: Collection[str]) -> None:
        """Forget the uploads of jobs that are forgotten."""
        await self._uploads.delete_of(connection, job_ids)

    async def _owned(self, owner: str, object_path: str) -> tuple[Upload, Job]:
        async with self._database.reading() as connection:
            upload = await self._uploads.get(connection, object_path)
            job = None if upload is None else await self._jobs.get(connection, upload.job_id)
        if upload is None or job is None or upload.owner != owner:
            raise NotFound("there is no such upload")
        return upload, job


def _stored_part(committed: int, size: int | None) -> float | None:
    """How far an upload is, in percent, rounded down to two places; None while its size is unknown."""
    # Half of the work is storing, the other half verifying.
    return int(5_000 * min(committed, size) / size) / 100 if size else None
