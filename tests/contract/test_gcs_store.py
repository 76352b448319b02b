"""The store at Google Cloud Storage: the contract of all stores, on a fake that is as strict as Google."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
from yarl import URL

from storage.gcs import GCSStore
from tests.clock import ManualClock
from tests.contract.store_resumable import ResumableContract
from tests.contract.stores import Answer, Send, StoreContract
from tests.gcs.accounts import Account
from tests.gcs.server import FakeGcs, running
from tests.gcs.stores import store_on


class Browser:
    """Sends requests to signed URLs as they are."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        async with self._session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
            skip_auto_headers={"Content-Type"},
        ) as response:
            lower = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, lower, await response.read())


class TestGCSStore(StoreContract, ResumableContract):
    @pytest.fixture
    async def fake(self, clock: ManualClock, gcs_account: Account) -> AsyncIterator[FakeGcs]:
        async with running(clock, gcs_account) as fake:
            fake.state.most_of_page = 7
            yield fake

    @pytest.fixture
    async def store(self, fake: FakeGcs, clock: ManualClock) -> AsyncIterator[GCSStore]:
        store = store_on(fake, clock)
        yield store
        await store.close()

    @pytest.fixture
    async def send(self) -> AsyncIterator[Send]:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            yield Browser(session)
