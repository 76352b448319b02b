"""Puts the lifecycle together from its parts; both composition roots call it with what they have connected."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from jobs.announcer import Announcer
from jobs.background import Background
from jobs.clock import BoundTime, Clock, DatabaseTime
from jobs.control import Control
from jobs.database import Database
from jobs.eventbus import EventBus
from jobs.eventlog import EventLog
from jobs.janitor import Janitor
from jobs.leases import LeasePolicy, LeaseService
from jobs.library import Library
from jobs.outbox import Outbox
from jobs.repositories.chores import CleanupRepository, IdempotencyRepository
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.queue import QueueRepository
from jobs.service import JobService, Limits, WakeUps
from jobs.sweeper import Sweeper, SweepPolicy
from jobs.tickets import Tickets
from jobs.urls import Urls
from jobs.views import Views
from schema.settings import Settings
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Jobs:
    """Everything that is done with jobs, ready to be used."""

    service: JobService
    leases: LeaseService
    library: Library
    sweeper: Sweeper
    log: EventLog
    bus: EventBus
    tickets: Tickets
    background: Background


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
    new_random: Callable[[], random.Random] = random.SystemRandom,
) -> Jobs:
    """Build it all. Does no I/O."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    time = BoundTime(clock) if is_sqlite else DatabaseTime()
    lease = timedelta(seconds=settings.lease_seconds)
    jobs, queue, events, media = JobRepository(time), QueueRepository(time), EventRepository(time), MediaRepository()
    keys = IdempotencyRepository(time)
    log = EventLog(redis, clock, keep_seconds=settings.event_log_seconds, max_entries=settings.event_log_entries)
    background = Background()
    announcer = Announcer(events)
    outbox = Outbox(database, events, log)
    views = Views(queue, media, log, urls)
    janitor = Janitor(database, CleanupRepository(time), media, store, lease=lease)
    service = JobService(
        database,
        jobs,
        queue,
        events,
        keys,
        announcer=announcer,
        outbox=outbox,
        views=views,
        janitor=janitor,
        wake_ups=wake_ups,
        control=Control(redis),
        background=background,
        limits=Limits(settings.max_queued_per_user, settings.max_queued, settings.max_attempts),
    )
    leases = LeaseService(
        database,
        jobs,
        queue,
        media,
        announcer=announcer,
        outbox=outbox,
        views=views,
        log=log,
        janitor=janitor,
        background=background,
        policy=LeasePolicy(lease, new_random()),
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
    sweeper = Sweeper(
        database,
        jobs,
        queue,
        events,
        keys,
        announcer=announcer,
        outbox=outbox,
        janitor=janitor,
        log=log,
        wake_ups=wake_ups,
        policy=SweepPolicy(
            every_seconds=settings.sweep_seconds,
            jobs_kept=timedelta(days=settings.job_retention_days),
            events_kept=timedelta(seconds=settings.event_log_seconds),
        ),
        metrics=metrics,
    )
    return Jobs(service, leases, library, sweeper, log, EventBus(redis), Tickets(redis), background)
