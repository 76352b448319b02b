"""The composition root of the web process: reads the settings, connects everything, serves until told to stop."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import structlog
from aiohttp import web
from fakeredis import FakeAsyncRedis, FakeRedis, FakeServer
from prometheus_client import CollectorRegistry

from actors.children import ChildPool
from actors.providers.procedural import ProceduralProvider
from actors.wakeups import BrokerWakeUps
from actors.worker import hosted_worker, make_broker, works_of
from app.access import authentication
from app.application import Context, make_app
from app.auth import DevelopmentSessions, is_loopback
from app.keys import AUTHENTICATOR, HUB, JOBS, MODELS, OWN_STORE, READINESS, SESSIONS, STORE, STORED_HOOK
from app.readiness import Readiness
from app.secrets import kept_secret, make_private
from app.sse.hub import Hub, HubLimits
from app.sse.metrics import HubMetrics
from jobs.assembly import Jobs, assemble
from jobs.background import stop
from jobs.catalogue import ModelCatalogue
from jobs.clock import Clock, system_clock
from jobs.database import Database, sqlite_engine
from jobs.exposition import add_process_metrics, exposed
from jobs.migrations import migrate
from jobs.urls import Urls
from schema.settings import Settings, SettingsError
from storage.memory import MemoryStore
from storage.signing import UrlSigner

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 5.0


def check_combination(settings: Settings) -> None:
    """Raise `SettingsError` for settings that are right one by one and wrong together."""
    if not settings.has_auth and not is_loopback(settings.host):
        raise SettingsError(
            "AUTH_SECRET: needed, or AUTH_JWKS_URL, to listen on an address that others can reach (HOST)"
        )


@contextlib.contextmanager
def only_process(directory: Path) -> Iterator[None]:
    """Hold a data directory for this process alone. Raises `SettingsError`."""
    make_private(directory)
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(f"DATA_DIR: another process works in {directory}") from None
        yield


class Standalone:
    """One process that is everything: SQLite, in-process Redis, in-memory store, worker threads.

    Its contexts are what `make_app` opens in order: each of them sets the keys that those after it use.
    """

    def __init__(self, settings: Settings, urls: Urls, clock: Clock, metrics: CollectorRegistry) -> None:
        self._settings = settings
        self._urls = urls
        self._clock = clock
        self._metrics = metrics
        self._redis_server = FakeServer()
        self._broker = make_broker(FakeRedis(server=self._redis_server))

    def contexts(self) -> tuple[Context, ...]:
        """In the order in which they depend on each other."""
        return (self.auth, self.store, self.jobs, self.metrics, self.hub, self.worker)

    async def auth(self, app: web.Application) -> AsyncIterator[None]:
        """Who checks tokens, and who gives them to the service's own page."""
        async with authentication(self._settings, self._clock, self._metrics) as authenticator:
            app[AUTHENTICATOR] = authenticator
            app[SESSIONS] = None if self._settings.has_auth else DevelopmentSessions(authenticator, self._clock)
            yield

    async def store(self, app: web.Application) -> AsyncIterator[None]:
        """The store in memory, and the signer of its URLs."""
        secret = self._settings.storage_secret
        key = secret.get_secret_value() if secret else kept_secret(self._settings.data_dir, "storage-secret")
        signer = UrlSigner(key.encode(), f"{self._urls.root}/storage", self._clock)
        store = MemoryStore(signer, max_total_bytes=self._settings.storage_memory_bytes, clock=self._clock)
        app[STORE] = store
        app[OWN_STORE] = (store, signer)
        yield
        await store.close()

    async def jobs(self, app: web.Application) -> AsyncIterator[None]:
        """The database, migrated, and the lifecycle on it."""
        database = Database(sqlite_engine(self._settings.data_dir / "media.db"))
        await migrate(database.engine)
        redis = FakeAsyncRedis(server=self._redis_server)
        jobs = assemble(
            self._settings,
            database=database,
            redis=redis,
            store=app[STORE],
            urls=self._urls,
            wake_ups=BrokerWakeUps(self._broker),
            metrics=self._metrics,
            clock=self._clock,
        )
        app[JOBS] = jobs
        app[READINESS] = Readiness({"database": database.check, "redis": redis.ping, "storage": app[STORE].check})
        if app[STORE].is_ephemeral:
            await jobs.library.forget_everything()
        app[STORED_HOOK] = bytes_teller(jobs)
        # Nobody else works on this data directory: whoever held a lease is gone.
        await jobs.sweeper.return_lapsed(everything=True)
        await jobs.bus.start()
        yield
        await jobs.background.settle()
        await jobs.bus.close()
        await redis.aclose()
        await database.close()

    async def metrics(self, app: web.Application) -> AsyncIterator[None]:
        """What runs here, and all metrics on a port of their own where one is set."""
        add_process_metrics(self._metrics)
        if self._settings.metrics_port is None:
            yield
            return
        async with exposed(self._metrics, self._settings.host, self._settings.metrics_port) as port:
            log.info("metrics_exposed", port=port)
            watching = asyncio.create_task(app[JOBS].queue_watch.run(), name="queue-watch")
            yield
            await stop(watching)

    async def hub(self, app: web.Application) -> AsyncIterator[None]:
        """The open streams."""
        settings = self._settings
        limits = HubLimits(settings.stream_buffer_bytes, settings.max_streams_per_user, settings.heartbeat_seconds)
        app[HUB] = Hub(app[JOBS].log, app[JOBS].bus, limits, HubMetrics(self._metrics))
        await app[HUB].start()
        yield
        await app[HUB].close()

    async def worker(self, app: web.Application) -> AsyncIterator[None]:
        """The worker threads, the child processes that render, and the sweeper."""
        settings = self._settings
        limit = settings.render_processes or os.cpu_count() or 1
        # Two pools: an output is looked at while its provider still has a child, and must not wait for that one.
        children, inspectors = ChildPool(limit=limit), ChildPool(limit=limit)
        providers = [ProceduralProvider(children)]
        app[MODELS] = ModelCatalogue(model for provider in providers for model in provider.models())
        works = works_of(
            app[JOBS],
            providers=providers,
            children=inspectors,
            store=app[STORE],
            clock=self._clock,
            keep_metadata=settings.keep_metadata,
        )
        async with hosted_worker(
            self._broker,
            app[JOBS],
            works=works,
            metrics=self._metrics,
            threads=settings.worker_threads,
            drain_seconds=settings.drain_seconds,
        ):
            sweeping = asyncio.create_task(app[JOBS].sweeper.run(), name="sweeper")
            yield
            await stop(sweeping)
        await children.close()
        await inspectors.close()


def bytes_teller(jobs: Jobs) -> Callable[[str, int, int | None], None]:
    """Tells an upload's owner, beside the request that brought the bytes, what the store has confirmed."""

    def tell(path: str, committed: int, total: int | None) -> None:
        jobs.background.start("progress", jobs.uploads.note_bytes(path, committed, total))

    return tell


async def serve(settings: Settings) -> None:
    """Serve until a signal says to stop. Raises `SettingsError`, `OSError`."""
    check_combination(settings)
    with only_process(settings.data_dir), contextlib.closing(listen(settings)) as sock:
        urls = Urls(settings.public_url or address_of(settings, sock), settings.base_path)
        metrics = CollectorRegistry()
        standalone = Standalone(settings, urls, system_clock, metrics)
        app = make_app(settings, urls=urls, clock=system_clock, metrics=metrics, contexts=standalone.contexts())
        app.on_shutdown.append(end_streams)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        stop = stop_event()
        await runner.setup()
        try:
            await web.SockSite(runner, sock).start()
            log.info("serving", url=f"{urls.root}/", auth="configured" if settings.has_auth else "development")
            print(f"\n  Studio: {urls.root}/\n", flush=True)  # noqa: T201  # for the person who started it
            await stop.wait()
            log.info("draining")
            app[READINESS].is_draining = True
            await end_streams(app)
        finally:
            await runner.cleanup()
        log.info("stopped")


async def end_streams(app: web.Application) -> None:
    """Let the streams' clients move on to another process."""
    await app[HUB].close()


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on; bound before anything else is started, so that a taken port costs nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host.strip("[]"), settings.port), family=family, backlog=1024)


def address_of(settings: Settings, sock: socket.socket) -> str:
    """Where browsers on this machine find the service."""
    host = settings.host if ":" not in settings.host else f"[{settings.host.strip('[]')}]"
    return f"http://{host}:{sock.getsockname()[1]}"


def stop_event() -> asyncio.Event:
    """Set by SIGTERM (a second one changes nothing) and by SIGINT (a second one ends the process at once)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if stop.is_set():
            os._exit(128 + signal.SIGINT)
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    return stop
