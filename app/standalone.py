"""The service as one process: an in-process Redis, a database of its own, and workers beside the web."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from actors.broker import BellBroker
from actors.wakeups import BrokerWakeUps
from actors.workshop import open_workshop
from app.application import Context
from app.keys import JOBS, STORE
from app.web import Backbone, WebProcess
from jobs.clock import Clock
from jobs.database import Database
from jobs.engines import engine_of
from jobs.tracing import NO_TRACING, Tracing
from jobs.urls import Urls
from schema.offering import offering_of
from schema.settings import Settings


@contextmanager
def _without_numpy() -> Iterator[None]:
    """The in-process Redis imports numpy where it is installed, for vector sets that nobody uses: 50 ms, 20 MiB."""
    is_loaded = "numpy" in sys.modules
    if not is_loaded:
        sys.modules["numpy"] = None  # type: ignore[assignment]  # what the import system takes for "not installed"
    try:
        yield
    finally:
        if not is_loaded:
            del sys.modules["numpy"]


with _without_numpy():
    from fakeredis import FakeAsyncRedis, FakeRedis, FakeServer


class Standalone(WebProcess):
    """One process that is everything. `on_death` is called when its workers have died while it seems to live."""

    def __init__(
        self,
        settings: Settings,
        urls: Urls,
        clock: Clock,
        metrics: CollectorRegistry,
        on_death: Callable[[], None] = lambda: None,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        menu = offering_of(settings).menu
        super().__init__(settings, urls, clock, metrics, connect=self._backbone, menu=menu, tracing=tracing)
        server = FakeServer()
        self._redis: Redis = FakeAsyncRedis(server=server)
        client: BlockingRedis = FakeRedis(server=server)
        self._broker = BellBroker(client, [])
        self._on_death = on_death

    def contexts(self) -> tuple[Context, ...]:
        """The worker's in the place of the web's own sweeper, which it has in itself."""
        return (self.auth, self.store, self.jobs, self.hub, self.worker)

    def _backbone(self) -> Backbone:
        database = Database(engine_of(self._settings))
        # A database that is named may be one that others use: there, leases lapse by themselves.
        is_alone = self._settings.database_url is None
        return Backbone(database, self._redis, BrokerWakeUps(self._broker), is_alone=is_alone)

    async def worker(self, app: web.Application) -> AsyncIterator[None]:
        """The worker threads, the child processes that render, and the sweeper."""
        async with open_workshop(
            self._settings,
            self._broker,
            app[JOBS],
            app[STORE],
            clock=self._clock,
            metrics=self._metrics,
            on_death=self._on_death,
            menu=self._menu,
        ):
            yield
