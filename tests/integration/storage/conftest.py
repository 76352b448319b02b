"""A bucket of the test's own, on a clock that stands still."""

from collections.abc import AsyncIterator

import pytest

from storage.gcs import GCSStore
from tests.clock import ManualClock
from tests.gcs.accounts import Account
from tests.gcs.server import FakeGcs, running
from tests.gcs.stores import store_on


@pytest.fixture
async def fake(clock: ManualClock, gcs_account: Account) -> AsyncIterator[FakeGcs]:
    async with running(clock, gcs_account) as fake:
        yield fake


@pytest.fixture
async def store(fake: FakeGcs, clock: ManualClock) -> AsyncIterator[GCSStore]:
    store = store_on(fake, clock)
    yield store
    await store.close()
