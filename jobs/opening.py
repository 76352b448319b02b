"""Opening the lifecycle in a process: the schema brought up to date, the event bus linked; and closing it in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from jobs.assembly import Jobs, assemble
from jobs.clock import Clock
from jobs.database import Database
from jobs.migrations import migrate
from jobs.policies import WakeUps
from jobs.tracing import NO_TRACING, Tracing
from jobs.urls import Urls
from schema.menu import Menu
from schema.settings import Settings
from storage.store import Store


@asynccontextmanager
async def open_jobs(
    settings: Settings,
    *,
    database: Database,
    redis: Redis,
    store: Store,
    urls: Urls,
    wake_ups: WakeUps,
    metrics: CollectorRegistry,
    clock: Clock,
    is_alone: bool,
    menu: Menu | None = None,
    tracing: Tracing = NO_TRACING,
) -> AsyncIterator[Jobs]:
    """The lifecycle for as long as the context lasts; `database` and `redis` are closed with it.

    `menu` says what limits the models. With `is_alone` nobody else works on this database: whoever held a lease
    is gone. Raises `DatabaseUnavailable`.
    """
    try:
        await migrate(database.engine)
        jobs = assemble(
            settings,
            database=database,
            redis=redis,
            store=store,
            urls=urls,
            wake_ups=wake_ups,
            metrics=metrics,
            clock=clock,
            menu=menu,
            tracing=tracing,
        )
        if store.is_ephemeral:
            await jobs.library.forget_everything()
        if is_alone:
            await jobs.sweeper.return_lapsed(everything=True)
        await jobs.bus.start()
        try:
            yield jobs
        finally:
            await jobs.background.settle()
            await jobs.bus.close()
    finally:
        await redis.aclose()
        await database.close()
