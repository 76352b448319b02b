"""Keys of an issuer: a service in a process of its own, whose issuer rotates its keys and falls silent."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.client import SECRET, Client, token_of
from tests.acceptance.expectations import assert_problem
from tests.acceptance.process import served
from tests.acceptance.service import Service, in_process
from tests.issuer import IssuerSite, document_of, issuing, jwk_of, private_key, signed


def bearer(service: Service, kid: str, *, number: int = 0, algorithm: str = "ES256", **claims: Any) -> Client:
    """A client with a token that the issuer gave for this audience."""
    whole: dict[str, Any] = {
        "sub": "alice",
        "exp": int(time.time()) + 3600,
        "iss": "https://issuer.test",
        "aud": "media",
    } | claims
    token = signed(algorithm, kid, number=number, **whole)
    return Client(service.session, service.base, "alice", token)


async def test_a_rotated_key_is_taken_at_once_and_an_outage_hurts_nobody_with_a_known_key(tmp_path: Path) -> None:
    old, new = jwk_of(private_key("ES256", 0), "old"), jwk_of(private_key("RS256", 1), "new")
    site = IssuerSite(document_of(old))
    async with (
        issuing(site),
        served(
            tmp_path,
            auth_secret=None,
            auth_jwks_url=site.url,
            auth_issuer="https://issuer.test",
            auth_audience="media",
        ) as (started, service),
    ):
        of_old = bearer(service, "old")
        assert (await of_old.get("/jobs")).status == 200

        site.document = document_of(old, new)
        of_new = bearer(service, "new", number=1, algorithm="RS256")
        taken, garbage = await asyncio.gather(of_new.get("/jobs"), bearer(service, "garbage").get("/jobs"))
        assert [taken.status, (await of_old.get("/jobs")).status] == [200, 200]
        assert_problem(garbage, 401, "unauthenticated")
        assert_problem(await bearer(service, "old", aud="other").get("/jobs"), 401, "unauthenticated")

        site.status = 500
        assert_problem(await bearer(service, "newer", number=2).get("/jobs"), 503, "dependency_unavailable")
        assert [(await each.get("/jobs")).status for each in (of_old, of_new) for _ in range(20)] == [200] * 40
        item = await of_new.picture()
        assert item["kind"] == "image"
        hmac = Client(service.session, service.base, "alice", token_of("alice", iss="https://issuer.test", aud="media"))
        assert_problem(await hmac.get("/jobs"), 401, "unauthenticated")
        text = "".join(started.lines)

    assert len(site.asked) <= 6
    assert [each for each in (of_old.token or "", of_new.token or "", "garbage") if each in text] == []
    assert (tmp_path / "auth-secret").exists() is False


async def test_a_start_with_the_endpoint_down_is_one_and_asks_for_patience(tmp_path: Path) -> None:
    async with issuing(IssuerSite()) as site:
        pass

    async with in_process(tmp_path, auth_secret=None, auth_jwks_url=site.url, host="127.0.0.1") as service:
        answer = await bearer(service, "old").get("/jobs")
        nobody = await service.nobody.get("/jobs")

        assert_problem(answer, 503, "dependency_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert_problem(nobody, 401, "unauthenticated")
        assert (await service.nobody.get("/readyz")).status == 200


@pytest.mark.parametrize("secrets", [f"{SECRET},{'n' * 40}", f"{'n' * 40}, {SECRET}"])
async def test_tokens_of_each_configured_secret_are_good(tmp_path: Path, secrets: str) -> None:
    async with in_process(tmp_path, auth_secret=secrets) as service:
        assert (await service.client().get("/jobs")).status == 200
        other = Client(service.session, service.base, "alice", token_of("alice", key="n" * 40))
        assert (await other.get("/jobs")).status == 200
