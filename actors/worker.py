"""A worker inside a process that runs an event loop already: threads take messages, the loop does the work."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import dramatiq
from prometheus_client import CollectorRegistry
from redis import Redis

from actors.broker import BellBroker
from actors.children import ChildPool
from actors.declare import declare_actors
from actors.erasure import ErasureWork
from actors.generation import GenerationWork
from actors.middleware.cancellation import Cancellation
from actors.middleware.correlation import Correlation
from actors.middleware.hosting import Hosting
from actors.middleware.metrics import Metrics
from actors.middleware.progress import Progress
from actors.outputs import OutputShelf
from actors.processing.bounds import Bounds
from actors.providers.base import Provider
from actors.runner import Runner
from actors.uploading import UploadWork
from actors.work import Work
from jobs.assembly import Jobs
from jobs.clock import Clock
from jobs.control import CANCEL_CHANNEL, CancelListener
from schema.responses import JobKind
from storage.store import Store

WORKER_TIMEOUT_MILLISECONDS = 500


def make_broker(client: Redis) -> BellBroker:
    """The broker of a process that only sends."""
    return BellBroker(client, [])


def works_of(
    jobs: Jobs, *, providers: Iterable[Provider], children: ChildPool, store: Store, clock: Clock, keep_metadata: bool
) -> Mapping[JobKind, Work]:
    """What is done for jobs of each kind."""
    by_model = {model.id: provider for provider in providers for model in provider.models()}
    shelf = OutputShelf(store, children, clock)
    generation = GenerationWork(by_model, shelf)
    return {
        "image": generation,
        "video": generation,
        "upload": UploadWork(jobs.uploads, store, shelf, children, clock, bounds=Bounds(), keep_metadata=keep_metadata),
        "erasure": ErasureWork(jobs.eraser),
    }


@asynccontextmanager
async def hosted_worker(
    broker: BellBroker,
    jobs: Jobs,
    *,
    works: Mapping[JobKind, Work],
    metrics: CollectorRegistry,
    threads: int,
    drain_seconds: float,
) -> AsyncIterator[None]:
    """Work on jobs for as long as the context lasts, on the loop that enters it; then drain."""
    loop = asyncio.get_running_loop()
    progress, cancellation, counts = Progress(jobs.leases), Cancellation(loop), Metrics(metrics)
    for middleware in (Hosting(loop), Correlation(), counts, progress, cancellation):
        broker.add_middleware(middleware)
    runner = Runner(jobs.leases, works, progress=progress, cancellation=cancellation, metrics=counts)
    declare_actors(broker, runner)
    await jobs.bus.subscribe(CANCEL_CHANNEL, CancelListener(cancellation.stop))
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=WORKER_TIMEOUT_MILLISECONDS)
    broker.emit_after("process_boot")
    worker.start()
    try:
        yield
    finally:
        await runner.drain(drain_seconds)
        broker.hasten()
        await asyncio.to_thread(worker.stop)
