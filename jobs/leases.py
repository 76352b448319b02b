"""What workers may do to jobs: claim one, keep it, tell how far it is, and end it. A lost lease changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.admission import Admission
from jobs.alarm import Alarm
from jobs.announcer import NUMBERS, Announcer, payload_of
from jobs.background import Background
from jobs.database import Database
from jobs.eventlog import EventLog, JobMoment, frame_of
from jobs.garbage import garbage_of
from jobs.ids import new_id
from jobs.janitor import Janitor
from jobs.job import Failure, Job, Lease, Media, StoredEvent
from jobs.lifecycle import Move, after
from jobs.metrics import JobMetrics
from jobs.outbox import Outbox
from jobs.policies import CANCELLED, OVERDUE, LeasePolicy, WakeUps, dump
from jobs.record import Record, dump_record, record_of
from jobs.repositories.claims import ClaimRepository
from jobs.repositories.endings import EndingRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.queue import QueueRepository
from jobs.views import Views
from schema.events import GenerationProgress, JobEvent, UploadComplete, UploadProgress, event_name
from schema.responses import JobError, JobKind, JobStatus, UploadResult


class LeaseLost(Exception):
    """Somebody else has the job by now, or nobody; what this worker does for it changes nothing any more."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that a run has left, and the event that was written of it; None where nobody knows of one."""

    job: Job
    told: StoredEvent | None = None


class LeaseService:
    """Jobs from the worker's side. Every write names the lease's token: a zombie's matches nothing."""

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        queue: QueueRepository,
        claims: ClaimRepository,
        endings: EndingRepository,
        *,
        announcer: Announcer,
        outbox: Outbox,
        views: Views,
        log: EventLog,
        janitor: Janitor,
        background: Background,
        policy: LeasePolicy,
        alarm: Alarm,
        metrics: JobMetrics,
        admission: Admission,
        wake_ups: WakeUps,
    ) -> None:
        self._admission = admission
        self._wake_ups = wake_ups
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._claims = claims
        self._endings = endings
        self._announcer = announcer
        self._outbox = outbox
        self._views = views
        self._log = log
        self._janitor = janitor
        self._background = background
        self._policy = policy
        self._alarm = alarm
        self._metrics = metrics

    @property
    def duration(self) -> timedelta:
        """How long a lease lasts without a heartbeat."""
        return self._policy.duration

    async def claim(self, kind: JobKind) -> Lease | None:
        """Take the job whose turn it is; None when there is none."""
        governed = kind if kind in {"image", "video"} and self._admission.governs(kind) else None
        while True:
            closed = await self._admission.closed(governed) if governed else {}
            if waits := [seconds for seconds in closed.values() if seconds]:
                self._alarm.within(min(waits))
            async with self._database.reading() as connection:
                candidates = list(await self._queue.candidates(connection, kind, closed))
                wanted = await self._queue.wanted(connection, candidates) if governed and candidates else {}
            if not candidates:
                return None
            spread = 1
            while candidates:
                # Whoever was quicker with one is about to take the next: the losers spread, each time further.
                job_id = candidates.pop(self._policy.random.randrange(min(spread, len(candidates))))
                seat = None
                if job_id in wanted:
                    model = wanted[job_id].model
                    seat = await self._admission.admit(wanted[job_id])
                    if seat is None:
                        # It filled up meanwhile, and does so for all others that want it.
                        candidates = [each for each in candidates if each in wanted and wanted[each].model != model]
                        continue
                lease = await self._take(kind, job_id)
                if lease is not None:
                    return replace(lease, seat=seat)
                if seat is not None:
                    await self._admission.leave(seat)
                spread *= 2
            # Others were quicker with all of them; what came meanwhile spent its wake-up on us.

    async def _take(self, kind: JobKind, job_id: str) -> Lease | None:
        token, start = new_id(), self._announcer.start(kind, job_id)
        claim = partial(self._claims.claim, id=job_id, token=token, lease=self._policy.duration, start=start)
        recall = partial(self._claims.held, id=job_id, token=token, start=start)
        return await self._database.single(claim, recall=recall)

    async def leave(self, lease: Lease) -> None:
        """Give back the run's place at its model, and have somebody look who may be waiting for it."""
        if lease.seat is not None and await self._admission.leave(lease.seat):
            self._background.start("wake_up", self._wake_ups.send(lease.job.kind, lease.job.id))

    async def heartbeat(self, lease: Lease, progress: float | None, message: str | None) -> JobStatus | None:
        """Prolong the lease; the job's status ("cancelling": stop), or None when the lease is lost."""
        status = await self._database.single(
            lambda tx: self._queue.heartbeat(tx, lease.job.id, lease.token, self._policy.duration, progress, message)
        )
        if status is not None and lease.seat is not None:
            await self._admission.keep(lease.seat)
        return status

    async def note(self, lease: Lease, record: Record) -> None:
        """Keep what the next attempt needs to know. Raises `LeaseLost`."""
        note = partial(self._queue.note, id=lease.job.id, token=lease.token, record=dump_record(record))
        if not await self._database.single(note):
            raise LeaseLost

    async def tell_start(self, lease: Lease) -> None:
        """Tell what of the job is untold, so that progress comes after it. Raises `LogUnavailable`."""
        if lease.start is None:
            await self._outbox.tell(lease.job.id)
        else:
            await self._outbox.tell_next(lease.start, after=NUMBERS["queued"])

    async def tell_progress(
        self, lease: Lease, progress: float | None, message: str | None, preview_url: str | None = None
    ) -> None:
        """Tell how far the job is; progress is no row. Raises `LogUnavailable`."""
        job = lease.job
        name = event_name(job.kind, "progress")
        if name is None:
            return
        event: JobEvent = GenerationProgress(
            job_id=job.id, progress=progress, message=message, attempt=job.claims, preview_url=preview_url
        )
        if job.kind == "upload":
            event = UploadProgress(job_id=job.id, progress=progress)
        moment = JobMoment(number=0, attempt=job.claims, progress=progress, message=message)
        await self._log.append(job.owner, job.id, job.id, frame_of(name, payload_of(event)), moment)

    async def succeed(self, lease: Lease, media: Sequence[Media], record: Record | None = None) -> bool:
        """Put the results into the library and end the job; False when the lease is lost or a cancel came first.

        `record`, here and below, is what the attempt came to; None: nothing beyond what the row has.
        """
        values = _at_the_end(record)
        known = replace(lease.job, **values)
        told = self._announcer.completion(known, self._completion(known, media))
        use = self._announcer.use(known, record_of(known), len(media))

        async def work(connection: AsyncConnection) -> Ended | None:
            job = await self._endings.succeed(
                connection, lease.job.id, lease.token, media=media, use=use, told=told, **values
            )
            if job is None:
                return None
            if job.kind == "upload":
                # What the library owns now is spared; what was only needed on the way to it goes.
                await self._janitor.note_end(connection, job)
            return Ended(job, None if told is None else told.of(job))

        run = self._database.transaction if lease.job.kind == "upload" else self._database.single
        ended = await run(work, recall=partial(self._ended, lease=lease, status="succeeded"))
        if ended is None:
            return False
        self._metrics.finished(ended.job)
        if ended.job.kind == "upload":
            await self._janitor.try_to_remove(garbage_of(ended.job))
        self._tell(ended)
        return True

    def _completion(self, job: Job, media: Sequence[Media]) -> JobEvent:
        if job.kind != "upload":
            return self._views.completion(job, media)
        item = self._views.item(media[0])
        return UploadComplete(job_id=job.id, result=UploadResult(url=item.url, path=item.path))

    async def fail(self, lease: Lease, failure: Failure, record: Record | None = None) -> bool:
        """End the attempt: try again later if that can help and attempts are left; False when the lease is lost."""
        job = lease.job
        if job.may_try_again(failure):
            pause = self._policy.pause(job.attempts, failure.retry_after)
            return await self._give_back(lease, "retry", pause, record)
        error = JobError(code=failure.code, message=failure.message, retryable=failure.retryable)
        return await self._end(lease, "running", "fail", error, record)

    async def stop(self, lease: Lease, record: Record | None = None) -> bool:
        """End a job whose cancel was asked for; its outputs go. False when the lease is lost."""
        return await self._end(lease, "cancelling", "stop", CANCELLED, record)

    async def expire(self, lease: Lease, record: Record | None = None) -> bool:
        """End a job whose deadline came while it was at work. False when the lease is lost or a cancel came first."""
        return await self._end(lease, "running", "fail", OVERDUE, record)

    async def release(self, lease: Lease, record: Record | None = None, pause: timedelta = timedelta()) -> bool:
        """Give a job back for what is no fault of its own: a shutdown, or a model that takes nothing for `pause`.

        The attempt does not count. False when the lease is lost.
        """
        return await self._give_back(lease, "release", pause, record, attempts=lease.job.attempts - 1)

    async def _give_back(self, lease: Lease, by: Move, pause: timedelta, record: Record | None, **values: Any) -> bool:
        if record is not None:
            values["record"] = dump_record(record)

        async def work(connection: AsyncConnection) -> Ended | None:
            values.update(progress=None, message=None, run_at=self._jobs.due(pause), woken_at=None)
            job = await self._move(connection, lease, "running", by, **values)
            return None if job is None else Ended(job)

        recall = partial(self._ended, lease=lease, status="queued")
        if await self._database.transaction(work, recall=recall) is None:
            return False
        self._alarm.within(pause.total_seconds())
        return True

    async def _end(self, lease: Lease, source: JobStatus, by: Move, error: JobError, record: Record | None) -> bool:
        job = lease.job

        async def work(connection: AsyncConnection) -> Ended | None:
            values = _at_the_end(record)
            ended = await self._move(connection, lease, source, by, error=dump(error), message=None, **values)
            if ended is None:
                return None
            await self._janitor.note_end(connection, job, self._policy.duration)
            return Ended(ended, await self._announcer.failed(connection, ended, error))

        ended = await self._database.transaction(
            work, recall=partial(self._ended, lease=lease, status=after(source, by))
        )
        if ended is None:
            return False
        self._metrics.finished(ended.job)
        # From here on no other attempt can be storing anything: what there is goes before clients hear of the end.
        await self._janitor.try_to_remove(garbage_of(job))
        self._tell(ended)
        return True

    async def _move(
        self, connection: AsyncConnection, lease: Lease, source: JobStatus, by: Move, **values: Any
    ) -> Job | None:
        return await self._jobs.move(connection, lease.job.id, source, by, token=lease.token, **values)

    async def _ended(self, connection: AsyncConnection, lease: Lease, status: JobStatus) -> Ended | None:
        """The job if this run is the one that left it so; no other run has its number."""
        job = await self._jobs.get(connection, lease.job.id)
        is_by_this_run = job is not None and job.status == status and job.claims == lease.job.claims
        return Ended(job) if job is not None and is_by_this_run else None

    def _tell(self, ended: Ended) -> None:
        if ended.told is None:
            self._background.start("tell", self._outbox.tell(ended.job.id))
        else:
            self._background.start("tell", self._outbox.tell_next(ended.told, after=NUMBERS["started"]))


def _at_the_end(record: Record | None) -> dict[str, Any]:
    """What the row keeps of an attempt that was the last one."""
    return {} if record is None else {"record": dump_record(record.of_the_end())}
