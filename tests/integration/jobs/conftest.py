"""The bench of the lifecycle's tests."""

from collections.abc import AsyncIterator

import pytest

from tests.clock import ManualClock
from tests.databases import Place
from tests.factories import Bench, open_bench
from tests.readers import LogReader


@pytest.fixture
async def bench(place: Place, clock: ManualClock) -> AsyncIterator[Bench]:
    async with open_bench(place, clock=clock) as opened:
        yield opened


@pytest.fixture
async def reader(bench: Bench) -> LogReader:
    """Alice's reader, open since before anything happened."""
    reader = LogReader(bench.jobs.log, "alice")
    await reader.read()
    return reader
