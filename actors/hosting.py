"""Workers inside a process that runs an event loop already: threads take messages, the loop does the work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import dramatiq
import structlog
from prometheus_client import CollectorRegistry

from actors.broker import WAKE_CHANNEL, BellBroker
from actors.declare import declare_actors
from actors.middleware.cancellation import Cancellation
from actors.middleware.correlation import Correlation
from actors.middleware.hosting import Hosting
from actors.middleware.metrics import Metrics
from actors.middleware.progress import Progress
from actors.runner import Runner
from actors.wakeups import Doorbell
from actors.work import Work
from jobs.assembly import Jobs
from jobs.background import stop
from jobs.control import CANCEL_CHANNEL, CancelListener
from schema.responses import JobKind

log = structlog.get_logger(__name__)

WORKER_TIMEOUT_MILLISECONDS = 500
WATCH_SECONDS = 1.0


@asynccontextmanager
async def hosted_workers(
    broker: BellBroker,
    jobs: Jobs,
    *,
    works: Mapping[JobKind, Work],
    metrics: CollectorRegistry,
    threads: Mapping[JobKind, int],
    drain_seconds: float,
    on_death: Callable[[], None],
) -> AsyncIterator[None]:
    """Work on jobs for as long as the context lasts, on the loop that enters it; then drain.

    `threads` is how many jobs of each kind run at once. `on_death` is called when a thread of Dramatiq's has died:
    the process looks healthy then and does nothing, so it should end.
    """
    loop = asyncio.get_running_loop()
    progress, cancellation, counts = Progress(jobs.leases, jobs.previews), Cancellation(loop), Metrics(metrics)
    for middleware in (Hosting(loop), Correlation(), counts, progress, cancellation):
        broker.add_middleware(middleware)
    runner = Runner(
        jobs.leases, works, progress=progress, cancellation=cancellation, metrics=counts, tracing=jobs.tracing
    )
    declare_actors(broker, runner)
    await jobs.bus.listen(CANCEL_CHANNEL, CancelListener(cancellation.stop))
    await jobs.bus.listen(WAKE_CHANNEL, Doorbell(broker))
    workers = [_worker(broker, kind, count) for kind, count in threads.items()]
    broker.emit_after("process_boot")
    for worker in workers:
        worker.start()
    watching = asyncio.create_task(_watch(workers, on_death), name="watchdog")
    try:
        yield
    finally:
        await stop(watching)
        await runner.drain(drain_seconds)
        broker.hasten()
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))


def _worker(broker: BellBroker, kind: JobKind, threads: int) -> dramatiq.Worker:
    """A worker of one queue: long jobs of one kind never keep those of another from a thread."""
    worker = dramatiq.Worker(broker, queues={kind}, worker_threads=threads, worker_timeout=WORKER_TIMEOUT_MILLISECONDS)
    # No more than it can work on: a wake-up that waits in this process wakes no idle one.
    worker.queue_prefetch = threads
    return worker


async def _watch(workers: list[dramatiq.Worker], on_death: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        threads = [thread for worker in workers for thread in (*worker.consumers.values(), *worker.workers)]
        dead = [thread.name for thread in threads if not thread.is_alive()]
        if dead:
            log.critical("worker_thread_died", threads=dead)
            on_death()
            return
