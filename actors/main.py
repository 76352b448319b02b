"""The composition root of one worker process: connects everything, works until told to stop, then drains."""

import asyncio
import contextlib
import resource
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from actors.broker import BellBroker
from actors.registry import providers_of
from actors.wakeups import BrokerWakeUps
from actors.workshop import MakeProviders, open_workshop
from jobs.background import stop
from jobs.clock import system_clock
from jobs.connections import async_redis, blocking_redis
from jobs.database import Database
from jobs.engines import engine_of
from jobs.exposition import add_process_metrics
from jobs.opening import open_jobs
from jobs.readiness import Readiness
from jobs.signals import report, stop_event, when_orphaned
from jobs.telemetry import tracing_of
from jobs.urls import Urls
from schema.offering import offering_of
from schema.settings import Settings
from storage.opening import WORK_SECONDS, open_store

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0


async def work(settings: Settings, make_providers: MakeProviders = providers_of) -> int:
    """Work under a supervisor; the exit status, which is 0 for whoever stopped as it should."""
    assert settings.redis_url is not None  # noqa: S101  # `check_worker` came first
    redis_url = settings.redis_url.get_secret_value()
    stopping, died = stop_event(), asyncio.Event()
    when_orphaned(stopping.set)

    def give_up() -> None:
        died.set()
        stopping.set()

    menu = offering_of(settings).menu
    metrics = CollectorRegistry()
    add_process_metrics(metrics)
    urls = Urls(settings.public_url or f"http://{settings.host}:{settings.port}", settings.base_path)
    broker = BellBroker(blocking_redis(redis_url), [], is_shared=True)
    database, redis = Database(engine_of(settings)), async_redis(redis_url)
    async with contextlib.AsyncExitStack() as stack:
        tracing = await stack.enter_async_context(tracing_of(settings))
        store, _ = await stack.enter_async_context(
            open_store(settings, f"{urls.root}/storage", system_clock, patience_seconds=WORK_SECONDS)
        )
        jobs = await stack.enter_async_context(
            open_jobs(
                settings,
                database=database,
                redis=redis,
                store=store,
                urls=urls,
                wake_ups=BrokerWakeUps(broker),
                metrics=metrics,
                clock=system_clock,
                is_alone=False,
                menu=menu,
                tracing=tracing,
            )
        )
        await stack.enter_async_context(
            open_workshop(
                settings,
                broker,
                jobs,
                store,
                clock=system_clock,
                metrics=metrics,
                on_death=give_up,
                menu=menu,
                make_providers=make_providers,
            )
        )
        readiness = Readiness({"database": database.check, "redis": redis.ping, "storage": store.check})
        looking = asyncio.create_task(_look(readiness, settings.worker_memory_bytes, stopping), name="look")
        log.info("working")
        await stopping.wait()
        await stop(looking)
        log.info("draining")
        report({"ready": False})
    log.info("stopped")
    return 1 if died.is_set() else 0


async def _look(readiness: Readiness, most_bytes: int, stopping: asyncio.Event) -> None:
    """Tell the supervisor how the dependencies are, and stop when this process has grown too large."""
    while True:
        checks = await readiness.look()
        report({"ready": set(checks.values()) <= {"ok"}, "checks": checks})
        if (used := resident_bytes()) > most_bytes:
            log.info("recycling", resident_bytes=used)
            stopping.set()
        await asyncio.sleep(LOOK_SECONDS)


def resident_bytes() -> int:
    """How much memory this process has now (proc(5): the second field of statm is in pages)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        # Not on Linux: the most that it ever had, which the kernel tells everywhere.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()
