"""A worker inside a process that runs an event loop already: threads take messages, the loop does the work."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import dramatiq
from prometheus_client import CollectorRegistry
from redis import Redis

from actors.broker import BellBroker
from actors.declare import declare_actors
from actors.middleware.correlation import Correlation
from actors.middleware.hosting import Hosting
from actors.middleware.metrics import Metrics
from actors.outputs import OutputShelf
from actors.providers.base import Provider
from actors.runner import Runner
from actors.stopping import RunningJobs
from jobs.assembly import Jobs
from jobs.clock import Clock
from jobs.control import CANCEL_CHANNEL, CancelListener
from storage.store import Store

WORKER_TIMEOUT_MILLISECONDS = 1000


def make_broker(client: Redis) -> BellBroker:
    """The broker of a process that only sends."""
    return BellBroker(client, [])


@asynccontextmanager
async def hosted_worker(
    broker: BellBroker,
    jobs: Jobs,
    *,
    providers: Iterable[Provider],
    store: Store,
    clock: Clock,
    metrics: CollectorRegistry,
    threads: int,
    drain_seconds: float,
) -> AsyncIterator[None]:
    """Work on jobs for as long as the context lasts, on the loop that enters it; then drain."""
    running = RunningJobs()
    by_model = {model.id: provider for provider in providers for model in provider.models()}
    runner = Runner(jobs.leases, by_model, OutputShelf(store, clock), running)
    for middleware in (Hosting(asyncio.get_running_loop()), Correlation(), Metrics(metrics)):
        broker.add_middleware(middleware)
    declare_actors(broker, runner)
    await jobs.bus.subscribe(CANCEL_CHANNEL, CancelListener(running.stop))
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=WORKER_TIMEOUT_MILLISECONDS)
    broker.emit_after("process_boot")
    worker.start()
    try:
        yield
    finally:
        await runner.drain(drain_seconds)
        broker.ring_all()
        await asyncio.to_thread(worker.stop)
