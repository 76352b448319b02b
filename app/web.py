"""The resources of a web process, opened by the application in the order in which they depend on each other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.access import authentication
from app.application import Context
from app.auth import DevelopmentSessions
from app.keys import AUTHENTICATOR, HUB, JOBS, MODELS, OWN_STORE, READINESS, SESSIONS, STORE, STORED_HOOK
from app.sse.hub import Hub, HubLimits
from app.sse.metrics import HubMetrics
from jobs.assembly import Jobs
from jobs.background import stop
from jobs.catalogue import ModelCatalogue
from jobs.clock import Clock
from jobs.database import Database
from jobs.exposition import add_process_metrics
from jobs.opening import open_jobs
from jobs.policies import WakeUps
from jobs.readiness import Readiness
from jobs.tracing import NO_TRACING, Tracing
from jobs.urls import Urls
from schema.menu import Menu
from schema.settings import Settings
from storage.opening import open_store


@dataclass(frozen=True, slots=True)
class Backbone:
    """What processes share, or would share: `is_alone` where this one is all there is."""

    database: Database
    redis: Redis
    wake_ups: WakeUps
    is_alone: bool


class WebProcess:
    """Its contexts are what `make_app` opens in order: each of them sets the keys that those after it use."""

    def __init__(
        self,
        settings: Settings,
        urls: Urls,
        clock: Clock,
        metrics: CollectorRegistry,
        *,
        connect: Callable[[], Backbone],
        menu: Menu,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._settings = settings
        self._urls = urls
        self._clock = clock
        self._metrics = metrics
        self._connect = connect
        self._menu = menu
        self._tracing = tracing

    def contexts(self) -> tuple[Context, ...]:
        """In the order in which they depend on each other."""
        return (self.auth, self.store, self.jobs, self.hub, self.sweeper)

    async def auth(self, app: web.Application) -> AsyncIterator[None]:
        """Who checks tokens, and who gives them to the service's own page."""
        async with authentication(self._settings, self._clock, self._metrics) as authenticator:
            app[AUTHENTICATOR] = authenticator
            app[SESSIONS] = None if self._settings.has_auth else DevelopmentSessions(authenticator, self._clock)
            yield

    async def store(self, app: web.Application) -> AsyncIterator[None]:
        """The store, and where it is one of our own what signs its URLs."""
        async with open_store(self._settings, f"{self._urls.root}/storage", self._clock) as (store, own):
            app[STORE], app[OWN_STORE] = store, own
            yield

    async def jobs(self, app: web.Application) -> AsyncIterator[None]:
        """The database, migrated, and the lifecycle on it."""
        backbone, store = self._connect(), app[STORE]
        async with open_jobs(
            self._settings,
            database=backbone.database,
            redis=backbone.redis,
            store=store,
            urls=self._urls,
            wake_ups=backbone.wake_ups,
            metrics=self._metrics,
            clock=self._clock,
            is_alone=backbone.is_alone,
            menu=self._menu,
            tracing=self._tracing,
        ) as jobs:
            app[JOBS] = jobs
            app[MODELS] = ModelCatalogue(self._menu.infos(), {entry.id: entry.inputs for entry in self._menu.models})
            app[STORED_HOOK] = bytes_teller(jobs)
            add_process_metrics(self._metrics)
            app[READINESS] = Readiness(
                {"database": backbone.database.check, "redis": backbone.redis.ping, "storage": store.check}
            )
            yield

    async def hub(self, app: web.Application) -> AsyncIterator[None]:
        """The open streams."""
        settings = self._settings
        limits = HubLimits(settings.stream_buffer_bytes, settings.max_streams_per_user, settings.heartbeat_seconds)
        jobs = app[JOBS]
        metrics = HubMetrics(self._metrics)
        app[HUB] = Hub(jobs.log, jobs.bus, limits, metrics, tell_untold=jobs.outbox.tell_all_of)
        await app[HUB].start()
        yield
        await app[HUB].close()

    async def sweeper(self, app: web.Application) -> AsyncIterator[None]:
        """The repairs that every process makes."""
        sweeping = asyncio.create_task(app[JOBS].sweeper.run(), name="sweeper")
        yield
        await stop(sweeping)


def bytes_teller(jobs: Jobs) -> Callable[[str, int, int | None], None]:
    """Tells an upload's owner, beside the request that brought the bytes, what the store has confirmed."""

    def tell(path: str, committed: int, total: int | None) -> None:
        jobs.background.start("progress", jobs.uploads.note_bytes(path, committed, total))

    return tell
