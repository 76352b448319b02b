"""The workshop: everything that a process needs in order to work on jobs, opened and closed together."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from prometheus_client import CollectorRegistry

from actors.broker import BellBroker
from actors.children import ChildPool
from actors.erasure import ErasureWork
from actors.generation import GenerationWork, Offer
from actors.hosting import hosted_workers
from actors.inputs import InputShelf
from actors.outputs import OutputShelf
from actors.processing.bounds import Bounds
from actors.providers.base import Output, Provider
from actors.registry import providers_of
from actors.uploading import UploadWork
from actors.work import Work
from jobs.assembly import Jobs
from jobs.background import stop
from jobs.clock import Clock
from schema.menu import Menu, Price
from schema.responses import JobKind
from schema.settings import Settings
from storage.store import Store

RESIDENT_SECONDS = 900.0

MakeProviders = Callable[[Menu, Settings, ChildPool, ChildPool], Iterable[Provider]]


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
    jobs: Jobs, *, offers: Mapping[str, Offer], children: ChildPool, store: Store, clock: Clock, keep_metadata: bool
) -> Mapping[JobKind, Work]:
    """What is done for jobs of each kind."""
    shelf = OutputShelf(store, children, clock, jobs.tracing)
    generation = GenerationWork(offers, shelf, InputShelf(store), jobs.admission, jobs.tracing)
    return {
        "image": generation,
        "video": generation,
        "upload": UploadWork(jobs.uploads, store, shelf, children, clock, bounds=Bounds(), keep_metadata=keep_metadata),
        "erasure": ErasureWork(jobs.eraser),
    }


def offers_of(menu: Menu, providers: Iterable[Provider]) -> dict[str, Offer]:
    """How each model of the menu is made."""
    by_name = {provider.name: provider for provider in providers}
    return {
        entry.id: Offer(by_name[entry.provider], entry.upstream_name, partial(price_of, entry.price))
        for entry in menu.models
    }


def price_of(price: Price, output: Output) -> float | None:
    """What an output costs by the menu, in US dollars; None where it has no price."""
    if price.output is None and price.second is None:
        return None
    return (price.output or 0.0) + (price.second or 0.0) * (output.duration_seconds or 0.0)


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
    menu: Menu,
    make_providers: MakeProviders = providers_of,
) -> AsyncIterator[None]:
    """Work for as long as the context lasts, then drain. `on_death` is for workers that died, see `hosted_workers`."""
    limit = settings.render_processes or os.cpu_count() or 1
    # Two pools: an output is looked at while its provider still has a child, and must not wait for that one.
    children, inspectors = ChildPool(limit=limit), ChildPool(limit=limit)
    # A model takes long to load, and much room: one at a time, and kept for a while.
    resident = ChildPool(limit=1, idle_seconds=RESIDENT_SECONDS)
    works = works_of(
        jobs,
        offers=offers_of(menu, make_providers(menu, settings, children, resident)),
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
    await resident.close()
