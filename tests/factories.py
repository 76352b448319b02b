"""Builders that the tests share: the lifecycle on real parts, and the values that go into it."""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakeredis import FakeAsyncRedis, FakeServer
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from sqlalchemy import Row, select, update

from jobs.assembly import Jobs, assemble
from jobs.clock import BoundTime
from jobs.database import Database
from jobs.eventlog import LogUnavailable
from jobs.ids import new_id, new_key
from jobs.job import Failure, Job, Lease, Media
from jobs.leases import LeaseService
from jobs.library import Library
from jobs.service import JobService
from jobs.submitting import Submission
from jobs.sweeper import Sweeper
from jobs.tracing import NO_TRACING, Tracing
from jobs.urls import Urls
from schema.menu import Menu
from schema.responses import JobKind
from schema.settings import Settings
from schema.tables import EventRow, JobRow
from storage.memory import MemoryStore
from storage.paths import generated_image, generated_video
from storage.signing import UrlSigner
from storage.store import Store
from tests.clock import ManualClock
from tests.databases import PATIENT, Place, SqlitePlace

OWNER = "alice"
LEASE_SECONDS = 30.0
URLS = Urls("http://media.test")
SUBMISSION = Submission(owner=OWNER, kind="image", request={"prompt": "a cat"}, body={"prompt": "a cat"})


def make_store(clock: ManualClock) -> MemoryStore:
    """An empty store."""
    signer = UrlSigner(b"k" * 32, f"{URLS.root}/storage", clock)
    return MemoryStore(signer, max_total_bytes=2**20, clock=clock)


def make_failure(
    code: str = "provider_unavailable", *, retryable: bool = True, retry_after: float | None = None
) -> Failure:
    """A failure that another attempt may mend."""
    return Failure(code, "The provider is down.", retryable, retry_after)


def make_media(path: str, **overrides: Any) -> Media:
    """An object of the library that no job made."""
    values: dict[str, Any] = {
        "id": new_id(),
        "owner": OWNER,
        "path": path,
        "file_key": new_key(),
        "thumbnail_key": None,
        "kind": "image",
        "source": "generated",
        "content_type": "image/png",
        "size": 5,
        "width": 64,
        "height": 64,
        "duration_seconds": None,
        "placeholder": None,
        "sha256": "0" * 64,
        "job_id": None,
        "output_index": 0,
        "prompt": "a cat",
        "model": "procedural-image",
        "seed": 1,
        "created_at": ManualClock.now,
    }
    return Media(**(values | overrides))


def output_path(job: Job, index: int = 0) -> str:
    """Where a job stores an output."""
    name = generated_video if job.kind == "video" else generated_image
    return name(job.owner, job.id, index)


def media_of(job: Job, index: int = 0, **overrides: Any) -> Media:
    """The library's entry of one output of a job."""
    values = {"owner": job.owner, "job_id": job.id, "output_index": index, "created_at": job.created_at}
    return make_media(output_path(job, index), **(values | overrides))


async def chunks_of(body: bytes) -> AsyncGenerator[bytes, None]:
    """A body as stores take it."""
    yield body


async def put(store: Store, path: str, body: bytes = b"hello") -> None:
    """Store an object, over what is there."""
    await store.upload(path, chunks_of(body), "image/png")


async def paths_in(store: Store, prefix: str = "") -> list[str]:
    """The paths that a store holds."""
    return [each.path async for each in store.list(prefix)]


@dataclass
class RecordingWakeUps:
    """Notes wake-ups instead of sending them; `queue` holds those that no worker has taken."""

    server: FakeServer | None = None
    sent: list[tuple[JobKind, str]] = field(default_factory=list)
    queue: list[tuple[JobKind, str]] = field(default_factory=list)

    async def send(self, kind: JobKind, job_id: str) -> None:
        self._check()
        self.sent.append((kind, job_id))
        self.queue.append((kind, job_id))

    async def waiting(self, kind: JobKind) -> int:
        self._check()
        return sum(each == kind for each, _ in self.queue)

    def forget(self) -> list[str]:
        """Take every wake-up; the ids of the jobs that they were sent for since the last call."""
        ids = [job_id for _, job_id in self.sent]
        self.sent.clear()
        self.queue.clear()
        return ids

    def _check(self) -> None:
        if self.server is not None and not self.server.connected:
            raise LogUnavailable("ConnectionError")


@dataclass(frozen=True)
class Bench:
    """The lifecycle, assembled on a database, an in-process Redis and the memory store, with the time in hand."""

    jobs: Jobs
    database: Database
    server: FakeServer
    redis: Redis
    store: MemoryStore
    clock: ManualClock
    wake_ups: RecordingWakeUps
    metrics: CollectorRegistry

    @property
    def service(self) -> JobService:
        return self.jobs.service

    @property
    def leases(self) -> LeaseService:
        return self.jobs.leases

    @property
    def library(self) -> Library:
        return self.jobs.library

    @property
    def sweeper(self) -> Sweeper:
        return self.jobs.sweeper

    async def submit(self, owner: str = OWNER, kind: JobKind = "image", **overrides: Any) -> str:
        """Submit a job and let everything happen that follows; its id."""
        request = {"prompt": "a cat"}
        accepted = await self.service.submit(
            Submission(**({"owner": owner, "kind": kind, "request": request, "body": request} | overrides))
        )
        await self.jobs.background.settle()
        return accepted.job_id

    async def submit_many(self, count: int, owner: str = OWNER, kind: JobKind = "image") -> list[str]:
        return [await self.submit(owner, kind) for _ in range(count)]

    async def claim(self, kind: JobKind = "image") -> Lease:
        """Claim a job that must be there."""
        lease = await self.leases.claim(kind)
        assert lease is not None
        return lease

    async def start(self, **overrides: Any) -> Lease:
        """Submit and claim a job, and tell that it began."""
        await self.submit(**overrides)
        lease = await self.claim(overrides.get("kind", "image"))
        await self.leases.tell_start(lease)
        return lease

    async def make(self, lease: Lease, count: int = 1) -> list[Media]:
        """Store outputs as a worker does."""
        media = [media_of(lease.job, index) for index in range(count)]
        for each in media:
            await put(self.store, each.path)
        return media

    async def succeed(self, lease: Lease, count: int = 1) -> list[Media]:
        """Store outputs and end the job."""
        media = await self.make(lease, count)
        assert await self.leases.succeed(lease, media)
        await self.jobs.background.settle()
        return media

    async def settle(self) -> None:
        await self.jobs.background.settle()

    async def sweep(self) -> None:
        await self.sweeper.sweep()
        await self.settle()

    async def lapse(self) -> None:
        """Let every lease lapse, and have that noticed."""
        self.clock.advance(LEASE_SECONDS + 1)
        await self.sweep()

    async def row(self, job_id: str) -> Row[Any]:
        """A job's row as it is now."""
        async with self.database.reading() as connection:
            return (await connection.execute(select(JobRow.__table__).where(JobRow.id == job_id))).one()

    async def set_row(self, job_id: str, **values: Any) -> None:
        """Change a job's row behind the lifecycle's back."""
        await self.database.transaction(lambda tx: tx.execute(update(JobRow).where(JobRow.id == job_id).values(values)))

    async def events(self, job_id: str | None) -> list[Row[Any]]:
        """The rows of a job's events, in order."""
        async with self.database.reading() as connection:
            query = select(EventRow.__table__).where(EventRow.job_id == job_id).order_by(EventRow.seq)
            return list(await connection.execute(query))

    async def event_names(self, job_id: str | None) -> list[str]:
        return [event.name for event in await self.events(job_id)]

    async def insert_media(self, *media: Media) -> None:
        """Put objects into libraries behind the lifecycle's back."""
        await self.database.transaction(lambda tx: self.library._media.insert(tx, media))

    def repairs(self, name: str) -> float:
        """What the sweeper counted."""
        return self.metrics.get_sample_value("media_sweeper_repairs_total", {"repair": name}) or 0


@asynccontextmanager
async def open_bench(
    place: Place | Path,
    *,
    server: FakeServer | None = None,
    clock: ManualClock | None = None,
    store: MemoryStore | None = None,
    wake_ups: RecordingWakeUps | None = None,
    wrap: Callable[[Database], Database] = lambda database: database,
    tracing: Tracing = NO_TRACING,
    menu: Menu | None = None,
    **settings: Any,
) -> AsyncIterator[Bench]:
    """Assemble the lifecycle on a migrated database, or SQLite file; `settings` override the defaults."""
    place = SqlitePlace(place) if isinstance(place, Path) else place
    server = server or FakeServer()
    clock = clock or ManualClock()
    store = store or make_store(clock)
    wake_ups = wake_ups or RecordingWakeUps(server)
    metrics = CollectorRegistry()
    database = wrap(Database(place.engine(), PATIENT.call))
    redis = FakeAsyncRedis(server=server)
    jobs = assemble(
        Settings(lease_seconds=LEASE_SECONDS, **settings),
        database=database,
        redis=redis,
        store=store,
        urls=URLS,
        wake_ups=wake_ups,
        metrics=metrics,
        clock=clock,
        menu=menu,
        tracing=tracing,
        time=BoundTime(clock),
        new_random=lambda: random.Random(7),
        mark_seconds=0.0,
    )
    try:
        yield Bench(jobs, database, server, redis, store, clock, wake_ups, metrics)
    finally:
        await jobs.background.settle()
        await jobs.bus.close()
        await redis.aclose()
        await database.close()
