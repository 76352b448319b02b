"""Puts the lifecycle together from its parts; both composition roots call it with what they have connected."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from jobs.admission import Admission
from jobs.alarm import Alarm
from jobs.announcer import Announcer
from jobs.background import Background
from jobs.buslink import links_of
from jobs.cancelling import Cancelling
from jobs.clock import Clock, SqlTime, time_of
from jobs.control import Control
from jobs.database import Database
from jobs.deadlines import Deadlines
from jobs.eraser import Eraser
from jobs.eventbus import EventBus
from jobs.eventlog import EventLog
from jobs.janitor import Janitor
from jobs.leases import LeaseService
from jobs.library import Library
from jobs.metrics import JobMetrics
from jobs.outbox import MARK_SECONDS, Outbox
from jobs.policies import LeasePolicy, WakeUps, limits_of, upload_policy
from jobs.previews import Previews
from jobs.queuewatch import QueueWatch
from jobs.repositories.chores import CleanupRepository, IdempotencyRepository
from jobs.repositories.claims import ClaimRepository
from jobs.repositories.endings import EndingRepository
from jobs.repositories.entries import EntryRepository
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.newcomers import NewcomerRepository
from jobs.repositories.queue import QueueRepository
from jobs.repositories.uploads import UploadRepository
from jobs.repositories.usage import UsageRepository
from jobs.salvage import Salvage
from jobs.service import JobService
from jobs.submitting import Submitting
from jobs.sweeper import Sweeper, SweepPolicy
from jobs.tickets import Tickets
from jobs.tracing import NO_TRACING, Tracing
from jobs.uploads import Uploads
from jobs.urls import Urls
from jobs.usage import UsageMeter, UsageReport
from jobs.views import Views
from schema.menu import Menu
from schema.settings import Settings
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Jobs:
    """Everything that is done with jobs, ready to be used."""

    service: JobService
    leases: LeaseService
    library: Library
    uploads: Uploads
    eraser: Eraser
    sweeper: Sweeper
    outbox: Outbox
    log: EventLog
    bus: EventBus
    tickets: Tickets
    usage: UsageReport
    previews: Previews
    admission: Admission
    background: Background
    queue_watch: QueueWatch
    tracing: Tracing


def assemble(
    settings: Settings,
    *,
    database: Database,
    redis: Redis,
    store: Store,
    urls: Urls,
    wake_ups: WakeUps,
    metrics: CollectorRegistry,
    clock: Clock,
    menu: Menu | None = None,
    tracing: Tracing = NO_TRACING,
    time: SqlTime | None = None,
    new_random: Callable[[], random.Random] = random.SystemRandom,
    mark_seconds: float = MARK_SECONDS,
) -> Jobs:
    """Build it all. Does no I/O. `menu` says what limits the models that are worked with here.

    `time` is where statements take it from; by default what suits the database.
    """
    time = time or time_of(database.engine.dialect.name, clock)
    lease = timedelta(seconds=settings.lease_seconds)
    jobs, queue, events, media = JobRepository(time), QueueRepository(time), EventRepository(time), MediaRepository()
    keys, pending = IdempotencyRepository(time), UploadRepository(time)
    log = EventLog(redis, clock, keep_seconds=settings.event_log_seconds, max_entries=settings.event_log_entries)
    background, alarm = Background(), Alarm()
    admission = Admission(redis, menu, hold_seconds=settings.lease_seconds)
    usage = UsageRepository()
    announcer = Announcer(events, UsageMeter(usage, clock))
    outbox = Outbox(database, events, log, background, mark_seconds=mark_seconds)
    views = Views(queue, media, log, urls)
    policy = upload_policy(settings)
    janitor = Janitor(database, CleanupRepository(time), pending, media, store, lease=lease, policy=policy, clock=clock)
    counts = JobMetrics(metrics)
    limits = limits_of(settings)
    uploads = Uploads(
        database,
        jobs,
        pending,
        media,
        store=store,
        announcer=announcer,
        outbox=outbox,
        log=log,
        janitor=janitor,
        wake_ups=wake_ups,
        background=background,
        urls=urls,
        clock=clock,
        limits=limits,
        policy=policy,
        metrics=counts,
        tracing=tracing,
    )
    submitting = Submitting(
        database,
        jobs,
        NewcomerRepository(queue),
        EntryRepository(time, jobs, events, keys),
        keys,
        media,
        announcer=announcer,
        limits=limits,
        tracing=tracing,
    )
    service = JobService(
        database,
        jobs,
        events,
        submitting=submitting,
        cancelling=Cancelling(jobs, announcer=announcer, garbage=janitor),
        outbox=outbox,
        uploads=uploads,
        views=views,
        wake_ups=wake_ups,
        control=Control(redis),
        background=background,
        metrics=counts,
    )
    leases = LeaseService(
        database,
        jobs,
        queue,
        ClaimRepository(time, events),
        EndingRepository(jobs, media, usage, events),
        announcer=announcer,
        outbox=outbox,
        views=views,
        log=log,
        janitor=janitor,
        background=background,
        policy=LeasePolicy(lease, new_random()),
        alarm=alarm,
        metrics=counts,
        admission=admission,
        wake_ups=wake_ups,
    )
    library = Library(
        database,
        media,
        events,
        announcer=announcer,
        outbox=outbox,
        views=views,
        janitor=janitor,
        background=background,
    )
    eraser = Eraser(
        database,
        jobs,
        media,
        events,
        keys,
        pending,
        usage,
        service=service,
        outbox=outbox,
        library=library,
        janitor=janitor,
        log=log,
    )
    salvage = Salvage(jobs, media, announcer=announcer, janitor=janitor, views=views, store=store)
    sweeper = Sweeper(
        database,
        jobs,
        queue,
        events,
        keys,
        salvage=salvage,
        outbox=outbox,
        janitor=janitor,
        uploads=uploads,
        deadlines=Deadlines(database, jobs, queue, salvage=salvage, outbox=outbox, metrics=counts),
        log=log,
        wake_ups=wake_ups,
        policy=SweepPolicy(
            every_seconds=settings.sweep_seconds,
            jobs_kept=timedelta(days=settings.job_retention_days),
            events_kept=timedelta(seconds=settings.event_log_seconds),
        ),
        alarm=alarm,
        metrics=counts,
    )
    return Jobs(
        service=service,
        leases=leases,
        library=library,
        uploads=uploads,
        eraser=eraser,
        sweeper=sweeper,
        outbox=outbox,
        log=log,
        bus=EventBus(redis, links_of(redis)),
        tickets=Tickets(redis),
        usage=UsageReport(database, usage),
        previews=Previews(database, janitor, store),
        admission=admission,
        background=background,
        queue_watch=QueueWatch(database, queue, metrics, now=monotonic),
        tracing=tracing,
    )
