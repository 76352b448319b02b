"""Stores on the fake: from settings as a process makes them, and a quicker way for tests that make hundreds."""

import asyncio
import io
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from schema.settings import Settings
from storage.gcs import GCSStore
from storage.gcs_client import GcsClient, new_session
from storage.gcs_credentials import Credentials, KeySigner, SharedToken
from storage.gcs_patience import Patience
from tests.gcs.accounts import EMAIL
from tests.gcs.server import BUCKET, FakeGcs


def settings_on(fake: FakeGcs, **changes: Any) -> Settings:
    """Settings that name the fake's bucket and account."""
    given = {
        "gcs_bucket": BUCKET,
        "gcs_endpoint": fake.endpoint,
        "gcs_service_account_json": fake.service_account,
    }
    return Settings(**(given | changes))


def store_on(fake: FakeGcs, clock: Callable[[], datetime], *, asking: float = 5.0, moving: float = 20.0) -> GCSStore:
    """A store with a token in its hand: to read a key, and to sign for a token with it, takes longer than most tests.

    Between two attempts it does not wait, and believes that it did.
    """
    session = new_session()
    untyped: Any = session
    token = SharedToken(io.StringIO("{}"), session=untyped)
    token.access_token = fake.state.account.issue()["access_token"]
    token.access_token_preempt_after = token.access_token_refresh_after = int(time.time()) + 3600
    signer = KeySigner(EMAIL, fake.state.account.key)
    client = GcsClient(session, Credentials(token, signer), bucket=BUCKET, endpoint=fake.endpoint)
    time_passes = Hurry()
    patiences = [Patience(seconds, sleep=time_passes.sleep, now=time_passes.now) for seconds in (asking, moving)]
    return GCSStore(client, clock, asking=patiences[0], moving=patiences[1])


class Hurry:
    """A clock of attempts on which a pause is over at once."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        self._ahead += seconds
        await asyncio.sleep(0)
