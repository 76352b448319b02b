"""Fetching a key set: what the endpoint may answer, and what counts as no answer."""

import aiohttp
import pytest
from yarl import URL

from app.keyclient import MAX_SET_BYTES, KeyClient
from app.keyring import Fetched, KeysUnavailable
from tests.issuer import IssuerSite, issuing


async def fetch(site: IssuerSite, etag: str | None = None) -> Fetched | None:
    async with issuing(site), aiohttp.ClientSession() as session:
        return await KeyClient(session, URL(site.url)).fetch(etag)


async def test_a_set_comes_with_its_tag() -> None:
    assert await fetch(IssuerSite(b"{}", etag='"1"')) == Fetched(b"{}", '"1"')


async def test_a_set_that_has_not_changed_does_not_come_again() -> None:
    assert await fetch(IssuerSite(etag='"1"'), '"1"') is None


@pytest.mark.parametrize(
    "site",
    [IssuerSite(status=302), IssuerSite(status=404), IssuerSite(status=500), IssuerSite(b" " * (MAX_SET_BYTES + 1))],
    ids=["a redirect", "nothing there", "an error", "too large"],
)
async def test_anything_else_is_no_answer(site: IssuerSite) -> None:
    with pytest.raises(KeysUnavailable):
        await fetch(site)

    assert len(site.asked) == 1


async def test_nobody_there_is_no_answer() -> None:
    async with issuing(IssuerSite()) as site:
        pass

    async with aiohttp.ClientSession() as session:
        with pytest.raises(KeysUnavailable):
            await KeyClient(session, URL(site.url)).fetch(None)
