"""The store at Google Cloud Storage on a bucket of Google's own, where `GCS_LIVE_BUCKET` names one that is empty.

`GCS_SERVICE_ACCOUNT_JSON` is the account's, as for the service. Whatever the tests store is removed again.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from schema.settings import Settings
from storage.gcs import GCSStore
from storage.gcs_opening import gcs_store_of
from tests.clock import ManualClock
from tests.contract.store_resumable import ResumableContract
from tests.contract.stores import Send, StoreContract
from tests.contract.test_gcs_store import Browser

if "GCS_LIVE_BUCKET" not in os.environ:
    pytest.skip("GCS_LIVE_BUCKET names no bucket of Google's", allow_module_level=True)

TIME_PASSES = frozenset({"test_a_presigned_url_expires", "test_a_signed_url_expires", "test_a_session_expires"})
"""What needs Google's clock to be put forward."""


class TestGCSStoreLive(StoreContract, ResumableContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(datetime.now(UTC))

    @pytest.fixture
    async def store(self, request: pytest.FixtureRequest, clock: ManualClock) -> AsyncIterator[GCSStore]:
        if request.node.originalname in TIME_PASSES:
            pytest.skip("Google's clock is its own")
        given = {"GCS_BUCKET": os.environ["GCS_LIVE_BUCKET"]}
        account = {name: os.environ[name] for name in ("GCS_SERVICE_ACCOUNT_JSON",) if name in os.environ}
        store = gcs_store_of(Settings.from_environment(given | account), clock, patience_seconds=20)
        try:
            # Somebody's objects are nobody's to remove.
            assert [each.path async for each in store.list("")] == []
            yield store
            for path in [each.path async for each in store.list("")]:
                await store.delete(path)
        finally:
            await store.close()

    @pytest.fixture
    async def send(self) -> AsyncIterator[Send]:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            yield Browser(session)
