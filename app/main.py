"""The composition root of the web process: reads the settings, connects everything, serves until told to stop."""

import asyncio
import contextlib
import fcntl
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from actors.broker import BellBroker
from actors.wakeups import BrokerWakeUps
from app.application import make_app
from app.auth import is_loopback
from app.garbage import collect_seldom, keep_out_of_collections
from app.keys import HUB, READINESS
from app.reference.documents import configured
from app.reference.openapi import openapi
from app.server import BACKLOG, serving
from app.web import Backbone, WebProcess
from jobs.clock import system_clock
from jobs.connections import async_redis, blocking_redis
from jobs.database import Database
from jobs.engines import engine_of
from jobs.signals import report, stop_event, when_orphaned
from jobs.telemetry import tracing_of
from jobs.tracing import Tracing
from jobs.urls import Urls
from schema.combinations import check_engine
from schema.offering import offering_of
from schema.settings import Settings, SettingsError
from storage.secrets import make_private

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 5.0


def description(settings: Settings) -> dict[str, Any]:
    """The OpenAPI document of a service with these settings, whose store takes whatever may be uploaded."""
    urls = Urls(settings.public_url or "", settings.base_path)
    return openapi(configured(settings, urls, offering_of(settings).menu.infos(), most_bytes=None))


def check_combination(settings: Settings) -> None:
    """Raise `SettingsError` for settings that are right one by one and wrong together."""
    check_engine(settings)
    if not settings.has_auth and not is_loopback(settings.host):
        raise SettingsError(
            "AUTH_SECRET: needed, or AUTH_JWKS_URL, to listen on an address that others can reach (HOST)"
        )
    offering_of(settings)


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


def web_process(
    settings: Settings, urls: Urls, metrics: CollectorRegistry, tracing: Tracing, on_death: Callable[[], None]
) -> WebProcess:
    """The web alone where there is a Redis to share, else everything in one process."""
    if settings.redis_url is None:
        # The in-process Redis and the workers are loaded where they are needed alone.
        from app.standalone import Standalone  # noqa: PLC0415

        return Standalone(settings, urls, system_clock, metrics, on_death, tracing)
    url = settings.redis_url.get_secret_value()

    def connect() -> Backbone:
        wake_ups = BrokerWakeUps(BellBroker(blocking_redis(url), [], is_shared=True))
        return Backbone(Database(engine_of(settings)), async_redis(url), wake_ups, is_alone=False)

    menu = offering_of(settings).menu
    return WebProcess(settings, urls, system_clock, metrics, connect=connect, menu=menu, tracing=tracing)


def hold(settings: Settings) -> AbstractContextManager[None]:
    """A process that is alone keeps others from its data directory; those of a fleet share it."""
    return only_process(settings.data_dir) if settings.redis_url is None else contextlib.nullcontext()


async def serve(settings: Settings, *, shares_port: bool = False, is_supervised: bool = False) -> int:
    """Serve until a signal says to stop; the exit status. Raises `SettingsError`, `OSError`."""
    check_combination(settings)
    stop, died = stop_event(), asyncio.Event()

    def give_up() -> None:
        died.set()
        stop.set()

    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(hold(settings))
        sock = stack.enter_context(contextlib.closing(listen(settings, shares_port=shares_port)))
        tracing = await stack.enter_async_context(tracing_of(settings))
        urls = Urls(settings.public_url or address_of(settings, sock), settings.base_path)
        metrics = CollectorRegistry()
        process = web_process(settings, urls, metrics, tracing, give_up)
        contexts = process.contexts()
        app = make_app(settings, urls=urls, clock=system_clock, metrics=metrics, contexts=contexts, tracing=tracing)
        app.on_shutdown.append(end_streams)
        async with serving(app, sock, settings, shutdown_seconds=SHUTDOWN_SECONDS):
            collect_seldom()
            keep_out_of_collections()
            tell_left_out(settings)
            log.info("serving", url=f"{urls.root}/", auth="configured" if settings.has_auth else "development")
            if is_supervised:
                when_orphaned(stop.set)
                report({"ready": True})
            else:
                print(f"\n  Studio: {urls.root}/\n", flush=True)  # noqa: T201  # for the person who started it
            await stop.wait()
            log.info("draining")
            app[READINESS].is_draining = True
            await end_streams(app)
    log.info("stopped")
    return 1 if died.is_set() else 0


def tell_left_out(settings: Settings) -> None:
    """Say once which models of the menu are not offered, and for want of which settings."""
    if left_out := offering_of(settings).left_out:
        log.info("models_left_out", models=sorted(left_out), for_want_of=sorted(set().union(*left_out.values())))


async def end_streams(app: web.Application) -> None:
    """Let the streams' clients move on to another process."""
    if HUB in app:
        await app[HUB].close()


def listen(settings: Settings, *, shares_port: bool = False) -> socket.socket:
    """The socket to serve on; bound before anything else is started, so that a taken port costs nothing.

    With `shares_port` the kernel spreads connections over all processes that listen so.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host.strip("[]"), settings.port)
    return socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shares_port)


def address_of(settings: Settings, sock: socket.socket) -> str:
    """Where browsers on this machine find the service."""
    host = settings.host if ":" not in settings.host else f"[{settings.host.strip('[]')}]"
    return f"http://{host}:{sock.getsockname()[1]}"
