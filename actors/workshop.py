"""The workshop: everything that a process needs in order to work on jobs, opened and closed together."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from actors.broker import BellBroker
from actors.children import ChildPool
from actors.erasure import ErasureWork
from actors.generation import GenerationWork, Offer
from actors.hosting import hosted_workers
from actors.outputs import OutputShelf
from actors.processing.bounds import Bounds
from actors.providers.base import Provider
from actors.providers.procedural import ProceduralProvider
from actors.uploading import UploadWork
from actors.work import Work
from jobs.assembly import Jobs
from jobs.background import stop
from jobs.clock import Clock
from schema.models import ModelInfo
from schema.responses import JobKind
from schema.settings import Settings
from storage.store import Store


def providers_of(children: ChildPool) -> list[Provider]:
    """Whatever can make media here."""
    return [ProceduralProvider(children)]


def models_of() -> tuple[ModelInfo, ...]:
    """What the workers' providers offer, for a process that only accepts jobs; no child is started for it."""
    return tuple(model for provider in providers_of(ChildPool(limit=1)) for model in provider.models())


def threads_of(settings: Settings) -> Mapping[JobKind, int]:
    """How many jobs of each kind one process runs at once."""
    threads = settings.worker_threads
    return {
        "image": settings.image_threads or threads,
        "video": settings.video_threads or threads,
        "upload": settings.upload_threads or threads,
        "erasure": 1,
    }


def works_of(
    jobs: Jobs, *, providers: Iterable[Provider], children: ChildPool, store: Store, clock: Clock, keep_metadata: bool
) -> Mapping[JobKind, Work]:
    """What is done for jobs of each kind."""
    offers = {model.id: Offer(provider) for provider in providers for model in provider.models()}
    shelf = OutputShelf(store, children, clock, jobs.tracing)
    generation = GenerationWork(offers, shelf, jobs.tracing)
    return {
        "image": generation,
        "video": generation,
        "upload": UploadWork(jobs.uploads, store, shelf, children, clock, bounds=Bounds(), keep_metadata=keep_metadata),
        "erasure": ErasureWork(jobs.eraser),
    }


@asynccontextmanager
async def open_workshop(
    settings: Settings,
    broker: BellBroker,
    jobs: Jobs,
    store: Store,
    *,
    clock: Clock,
    metrics: CollectorRegistry,
    on_death: Callable[[], None],
    make_providers: Callable[[ChildPool], Iterable[Provider]] = providers_of,
) -> AsyncIterator[None]:
    """Work for as long as the context lasts, then drain. `on_death` is for workers that died, see `hosted_workers`."""
    limit = settings.render_processes or os.cpu_count() or 1
    # Two pools: an output is looked at while its provider still has a child, and must not wait for that one.
    children, inspectors = ChildPool(limit=limit), ChildPool(limit=limit)
    works = works_of(
        jobs,
        providers=make_providers(children),
        children=inspectors,
        store=store,
        clock=clock,
        keep_metadata=settings.keep_metadata,
    )
    async with hosted_workers(
        broker,
        jobs,
        works=works,
        metrics=metrics,
        threads=threads_of(settings),
        drain_seconds=settings.drain_seconds,
        on_death=on_death,
    ):
        sweeping = asyncio.create_task(jobs.sweeper.run(), name="sweeper")
        try:
            yield
        finally:
            await stop(sweeping)
    await children.close()
    await inspectors.close()
