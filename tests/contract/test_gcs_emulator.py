"""The store at Google Cloud Storage on the emulator of `deploy/emulator`: a second opinion on Google's API.

It looks at no signatures, rights, bounds or origins: what the contract says of those is the strict fake's to judge.
"""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from schema.settings import Settings
from storage.checking import check_store
from storage.gcs import GCSStore
from storage.gcs_client import GcsClient, new_session
from storage.gcs_credentials import Credentials, KeySigner
from storage.gcs_patience import Patience
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from tests.clock import ManualClock
from tests.contract.session_client import BODY, SIZE, Uploader, start
from tests.contract.store_kit import presign, read
from tests.contract.store_reading import ReadingContract
from tests.contract.store_writing import WritingContract
from tests.contract.test_gcs_store import Browser
from tests.deploy.tools import emulator
from tests.gcs.accounts import EMAIL, Account

BUCKET = "media"
LACKS = {
    "test_list_yields_what_starts_with_the_prefix_by_path": "a path can't be both an object's and the beginning of one",
    "test_an_object_is_described_by_path_size_type_generation_etag_and_time": "its clock is its own",
    "test_if_absent_leaves_an_existing_object_as_it_was": "no preconditions",
    "test_if_absent_holds_for_an_object_that_came_during_the_upload": "no preconditions",
    "test_of_concurrent_uploads_with_if_absent_exactly_one_wins": "no preconditions",
    "test_delete_refuses_another_generation_than_it_names": "no preconditions",
}
"""What the emulator is known to do otherwise than Google."""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with emulator().server_of("127.0.0.1", 0, str(tmp_path), BUCKET) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Settings(gcs_bucket=BUCKET, gcs_endpoint=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


class TestGCSStoreOnTheEmulator(WritingContract, ReadingContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(datetime.now(UTC))

    @pytest.fixture
    async def store(self, settings: Settings, clock: ManualClock, gcs_account: Account) -> AsyncIterator[GCSStore]:
        # As `gcs_store_of` does it for an emulator, without a new key for each test.
        credentials = Credentials(None, KeySigner(EMAIL, gcs_account.key))
        client = GcsClient(new_session(), credentials, bucket=BUCKET, endpoint=settings.gcs_endpoint)
        store = GCSStore(client, clock, asking=Patience(1), moving=Patience(1))
        yield store
        await store.close()

    @pytest.fixture(autouse=True)
    def lacking(self, request: pytest.FixtureRequest) -> None:
        name = request.node.originalname
        if name in LACKS:
            request.applymarker(pytest.mark.xfail(reason=LACKS[name], strict=True))

    async def test_browsers_may_send_in_one_go_or_in_a_session(self, store: GCSStore) -> None:
        signed = await presign(store)
        async with aiohttp.ClientSession() as session:
            send = Browser(session)
            sent = await send(signed.method, signed.url, headers=signed.headers, body=b"hello")
            one = await read(store)
            client = Uploader(send, await start(store))
            chunk = await client.chunk(0, GRANULE)
            asked = await client.ask()
            last = await client.chunk(GRANULE, SIZE)

        assert [each.status for each in (sent, chunk, asked, last)] == [200, 308, 308, 200]
        assert asked.headers["range"] == f"bytes=0-{GRANULE - 1}"
        assert (one, await read(store)) == (b"hello", BODY)
        assert (await store.stat("media/alice/images/a.png")).content_type == "video/mp4"

    async def test_a_look_at_its_set_up_says_what_it_is(self, settings: Settings, clock: ManualClock) -> None:
        [found] = await check_store(settings, ["http://localhost:8080"], clock)

        assert (found.subject, found.is_right, "an emulator's" in found.text) == ("bucket", True, True)
