"""The bucket's store as the settings make it: who it is to Google, and what is wrong with what it was given."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gcloud.aio.auth.token import TokenResponse
from yarl import URL

from schema.settings import Settings, SettingsError
from storage.gcs import GCSStore
from storage.gcs_credentials import IamSigner, SharedToken
from storage.gcs_opening import gcs_store_of
from storage.gcs_patience import Patience
from storage.gcs_signing import UrlRequest, signed_url
from storage.opening import open_store
from storage.store import StorageUnavailable
from tests.clock import ManualClock
from tests.contract.store_kit import PATH, exists, put
from tests.gcs.accounts import EMAIL
from tests.gcs.faults import Answered, Silent
from tests.gcs.server import BUCKET, FakeGcs
from tests.gcs.stores import settings_on

NOBODY = {"type": "service_account", "client_email": "nobody@example.com", "private_key": "none"}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def fetched(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(URL(url, encoded=True)) as response:
        return response.status


@pytest.mark.parametrize("is_file", [True, False])
async def test_an_account_is_given_as_json_or_as_a_file(
    tmp_path: Path, fake: FakeGcs, clock: ManualClock, session: aiohttp.ClientSession, *, is_file: bool
) -> None:
    file = tmp_path / "account.json"
    file.write_text(fake.service_account)
    given = str(file) if is_file else fake.service_account
    settings = settings_on(fake, gcs_service_account_json=given, storage_dir=tmp_path / "unused")

    async with open_store(settings, "http://media.test/storage", clock) as (store, own):
        assert isinstance(store, GCSStore)
        assert own is None
        await put(store)
        assert await fetched(session, await store.get_url(PATH, expires_in=60)) == 200


async def test_one_token_is_fetched_however_many_ask(fake: FakeGcs, clock: ManualClock) -> None:
    store = gcs_store_of(settings_on(fake), clock, patience_seconds=5)

    assert not any(await asyncio.gather(*(exists(store, f"{number}") for number in range(8))))

    assert fake.faults.counts["token"] == 1
    await store.close()


async def test_without_a_token_the_store_is_unavailable_in_time_and_with_one_it_goes_on(
    fake: FakeGcs, clock: ManualClock
) -> None:
    store = gcs_store_of(settings_on(fake), clock, patience_seconds=0.1)
    fake.faults.add("token", Answered(503))

    with pytest.raises(StorageUnavailable):
        await store.check()
    async with asyncio.timeout(10):
        while not await _serves(store):
            pass

    await store.close()


async def _serves(store: GCSStore) -> bool:
    try:
        await store.check()
    except StorageUnavailable:
        return False
    return True


async def test_closing_does_not_wait_for_a_token(fake: FakeGcs, clock: ManualClock) -> None:
    store = gcs_store_of(settings_on(fake), clock, patience_seconds=0.1)
    fake.faults.add("token", Silent())

    with pytest.raises(StorageUnavailable):
        await store.check()
    async with asyncio.timeout(1):
        await store.close()


class GatedToken(SharedToken):
    """A token that comes when `gate` opens."""

    gate: asyncio.Event

    async def refresh(self, *, timeout: int) -> TokenResponse:  # noqa: ASYNC109  # gcloud's signature
        await self.gate.wait()
        return TokenResponse("token", 3600)


async def test_a_caller_that_gives_up_takes_no_other_along(session: aiohttp.ClientSession) -> None:
    untyped: Any = session
    token = GatedToken(io.StringIO("{}"), session=untyped)
    token.gate = asyncio.Event()
    first, second = asyncio.create_task(token.get()), asyncio.create_task(token.get())
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    token.gate.set()

    assert await second == "token"


async def test_without_a_key_google_signs(fake: FakeGcs, clock: ManualClock, session: aiohttp.ClientSession) -> None:
    fake.bucket.put(PATH, b"hello", "image/png")
    untyped: Any = session
    token = SharedToken(io.StringIO(fake.service_account), session=untyped, scopes=["any"])
    signer = IamSigner(
        session,
        token,
        Patience(5.0),
        email=None,
        iam_url=f"{fake.endpoint}/iam",
        metadata_url=f"{fake.endpoint}/computeMetadata/v1",
    )
    fake.faults.add("email", Answered(503))
    fake.faults.add("sign", Answered(503))
    host = fake.endpoint.removeprefix("http://")
    request = UrlRequest(method="GET", bucket=BUCKET, object_name=PATH, expires_in=60, scheme="http", host=host)

    urls = [await signed_url(request, signer, clock()) for _ in range(2)]

    assert await signer.email() == EMAIL
    assert [await fetched(session, url) for url in urls] == [200, 200]
    assert (fake.faults.counts["email"], fake.faults.counts["sign"]) == (2, 3)
    await token.close()


def an_elliptic_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "given",
    [
        "{not json",
        "[]",
        '{"private_key": "none"}',
        "/nowhere/account.json",
        json.dumps(NOBODY),
        json.dumps({name: NOBODY[name] for name in ("type", "private_key")}),
        json.dumps(NOBODY | {"private_key": an_elliptic_key()}),
        json.dumps({"type": "authorized_user", "client_id": "1", "refresh_token": "secret"}),
        json.dumps({"type": "external_account"}),
        json.dumps({"type": "something else"}),
    ],
)
async def test_what_is_no_service_account_is_refused_by_the_settings_name(given: str, clock: ManualClock) -> None:
    settings = Settings.from_environment({"GCS_BUCKET": BUCKET, "GCS_SERVICE_ACCOUNT_JSON": given})

    with pytest.raises(SettingsError, match=r"^GCS_SERVICE_ACCOUNT_JSON: ") as caught:
        gcs_store_of(settings, clock, patience_seconds=1)

    assert "secret" not in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GCS_BUCKET", "No Bucket"), ("GCS_ENDPOINT", "storage.local"), ("GCS_ENDPOINT", "http://storage.local/path")],
)
def test_what_is_no_bucket_or_no_address_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        Settings.from_environment({"GCS_BUCKET": BUCKET, name: value})
