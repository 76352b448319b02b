"""The bench of the runner's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.factories import Bench, open_bench
from tests.integration.actors.runner_bench import RunnerBench, open_runner


@pytest.fixture
async def bench(database_file: Path, clock: ManualClock) -> AsyncIterator[Bench]:
    async with open_bench(database_file, clock=clock) as opened:
        yield opened


@pytest.fixture
async def at_work(bench: Bench, tmp_path: Path) -> AsyncIterator[RunnerBench]:
    async with open_runner(bench, tmp_path) as opened:
        yield opened
