"""The bench of the hub's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.factories import Bench, open_bench
from tests.integration.app.hub_bench import HubBench, open_hub


@pytest.fixture
async def bench(database_file: Path, clock: ManualClock) -> AsyncIterator[Bench]:
    async with open_bench(database_file, clock=clock) as opened:
        yield opened


@pytest.fixture
async def hub(bench: Bench) -> AsyncIterator[HubBench]:
    async with open_hub(bench) as opened:
        yield opened
