"""The queue's gauges: what waits and for how long, looked up seldom, and absent when nobody can tell."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import BoundTime
from jobs.database import Database, DatabaseUnavailable
from jobs.queuewatch import LOOK_SECONDS, QueueWatch
from jobs.repositories.queue import QueueRepository
from tests.factories import Bench

pytestmark = pytest.mark.places("sqlite", "cockroachdb")


class Flaky(Database):
    """A database that can be down."""

    failure: Exception | None = None

    @asynccontextmanager
    async def stale_reading(self, within: float | None = None) -> AsyncIterator[AsyncConnection]:
        if self.failure is not None:
            raise self.failure
        async with super().stale_reading(within) as connection:
            yield connection


class Watched:
    """A watch on a bench's database, with its own time in hand."""

    def __init__(self, bench: Bench, database: Database | None = None) -> None:
        self.seconds = 0.0
        self.registry = CollectorRegistry()
        queue = QueueRepository(BoundTime(bench.clock))
        self.watch = QueueWatch(database or bench.database, queue, self.registry, lambda: self.seconds)

    async def look(self, kind: str = "image") -> tuple[float | None, float | None]:
        """Refresh, after what is kept is old; the depth and the age."""
        self.seconds += LOOK_SECONDS
        await self.watch.refresh()
        return self.value("media_queue_jobs", kind), self.value("media_queue_oldest_seconds", kind)

    def value(self, name: str, kind: str = "image") -> float | None:
        return self.registry.get_sample_value(name, {"kind": kind})


async def test_what_could_be_claimed_is_counted_by_kind_with_the_age_of_the_first(bench: Bench) -> None:
    watched = Watched(bench)
    await bench.submit()
    bench.clock.advance(40)
    await bench.submit(kind="video")
    await bench.submit()
    bench.clock.advance(2)

    assert await watched.look("image") == (2, 42)
    assert await watched.look("video") == (1, 2)
    assert await watched.look("upload") == (0, 0)
    await bench.claim()
    assert await watched.look("image") == (1, 2)


async def test_many_scrapes_are_one_look(bench: Bench) -> None:
    watched = Watched(bench)
    assert await watched.look() == (0, 0)

    await bench.submit()
    await watched.watch.refresh()

    assert watched.value("media_queue_jobs") == 0
    assert await watched.look() == (1, 0)


@pytest.mark.parametrize(
    "failure",
    [DatabaseUnavailable("down"), ProgrammingError("SET TRANSACTION AS OF SYSTEM TIME", {}, Exception("refused"))],
    ids=["database down", "follower read refused"],
)
async def test_figures_that_nobody_can_look_up_are_absent_and_come_back(bench: Bench, failure: Exception) -> None:
    database = Flaky(bench.database.engine)
    watched = Watched(bench, database)
    assert await watched.look() == (0, 0)

    database.failure = failure
    assert await watched.look() == (None, None)
    database.failure = None

    assert await watched.look() == (0, 0)


def finished(bench: Bench, kind: str, outcome: str) -> float | None:
    return bench.metrics.get_sample_value("media_jobs_finished_total", {"kind": kind, "outcome": outcome})


async def test_each_job_is_counted_once_at_its_end_however_it_came_to_it(bench: Bench) -> None:
    await bench.succeed(await bench.start(), count=1)
    await bench.service.cancel("alice", await bench.submit())
    await bench.start()
    for _ in range(3):
        await bench.lapse()
        await bench.leases.claim("image")
    await bench.lapse()

    assert finished(bench, "image", "succeeded") == 1
    assert finished(bench, "image", "cancelled") == 1
    assert finished(bench, "image", "failed") == 1
    assert bench.metrics.get_sample_value("media_jobs_submitted_total", {"kind": "image"}) == 3
