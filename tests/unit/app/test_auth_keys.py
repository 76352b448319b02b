"""Tokens by an issuer's keys, and secrets that change: each algorithm only with what it is pinned to."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from prometheus_client import CollectorRegistry

from app.auth import Authenticator, Unauthenticated
from app.keyring import Fetched, KeyRing, KeysUnavailable
from tests.clock import ManualClock
from tests.issuer import document_of, jwk_of, private_key, signed

OLD, NEW, OTHER = (f"a secret of these tests alone, number {number}" for number in range(3))
ALGORITHMS = ("RS256", "ES256", "EdDSA")
SET = document_of(*(jwk_of(private_key(algorithm), f"key-{algorithm}") for algorithm in ALGORITHMS))


class Source:
    """Gives the set once; asked again, it is down. Counts."""

    def __init__(self) -> None:
        self.asked = 0

    async def fetch(self, etag: str | None) -> Fetched | None:
        self.asked += 1
        if self.asked > 1:
            raise KeysUnavailable("down")
        return Fetched(SET, None)


async def no_pause(seconds: float) -> None:
    """Who pauses here is at once where he would have been."""


def by_keys(clock: ManualClock, source: Source | None = None, *secrets: str, **overrides: Any) -> Authenticator:
    ring = KeyRing(source or Source(), CollectorRegistry(), now=lambda: clock().timestamp(), sleep=no_pause)
    return Authenticator(secrets, clock, keys=ring, **overrides)


def claims(clock: ManualClock, **changes: Any) -> dict[str, Any]:
    return {"sub": "alice", "exp": clock().timestamp() + 100} | changes


def good(clock: ManualClock, algorithm: str = "ES256", **changes: Any) -> str:
    return f"Bearer {signed(algorithm, f'key-{algorithm}', **claims(clock, **changes))}"


def forged(header: dict[str, Any], body: dict[str, Any], key: bytes) -> str:
    """A token whose header says anything, signed by HMAC."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, body))
    text = b".".join(parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key, text, "sha256")).rstrip(b"=")
    return f"Bearer {(text + b'.' + signature).decode()}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_signed_with_a_published_key_is_good(clock: ManualClock, algorithm: str) -> None:
    identity = await by_keys(clock).identify(good(clock, algorithm))

    assert (identity.user, identity.expires_at) == ("alice", clock().timestamp() + 100)


async def test_issuer_audience_and_times_are_asked_of_these_tokens_too(clock: ManualClock) -> None:
    authenticator = by_keys(clock, issuer="us", audience="media")
    right = {"iss": "us", "aud": "media"}

    assert (await authenticator.identify(good(clock, **right))).user == "alice"
    for wrong in ({"iss": "them"}, {"aud": "x"}, {"exp": 1}, {"nbf": clock().timestamp() + 1}, {"sub": "../bob"}):
        with pytest.raises(Unauthenticated):
            await authenticator.identify(good(clock, **right | wrong))


@pytest.mark.parametrize("published", ALGORITHMS)
@pytest.mark.parametrize("form", ["PEM", "DER", "JWK"])
async def test_a_public_key_is_no_secret_to_sign_with(clock: ManualClock, published: str, form: str) -> None:
    public = private_key(published).public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    keys = {
        "PEM": public.public_bytes(serialization.Encoding.PEM, info),
        "DER": public.public_bytes(serialization.Encoding.DER, info),
        "JWK": json.dumps(jwk_of(private_key(published), f"key-{published}")).encode(),
    }

    for algorithm in ("HS256", published, "none", "HS512"):
        token = forged({"alg": algorithm, "kid": f"key-{published}"}, claims(clock), keys[form])
        with pytest.raises(Unauthenticated):
            await by_keys(clock).identify(token)


async def test_what_a_token_says_of_itself_chooses_no_key(clock: ManualClock) -> None:
    mine = jwk_of(private_key("ES256", 7), "key-ES256")
    headers: list[dict[str, Any]] = [
        {"jwk": mine},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/x"},
        {"x5c": ["x"]},
    ]
    for header in headers:
        for kid in ("key-ES256", "mine"):
            token = signed("ES256", kid, number=7, header=header, **claims(clock))
            with pytest.raises((Unauthenticated, KeysUnavailable)):
                await by_keys(clock).identify(f"Bearer {token}")
        # The same in a token that is good: not followed, and not minded.
        token = signed("ES256", "key-ES256", header=header, **claims(clock))
        assert (await by_keys(clock).identify(f"Bearer {token}")).user == "alice"


@pytest.mark.parametrize(
    ("algorithm", "kid", "header"),
    [
        ("RS256", "key-ES256", {}),
        ("ES256", "key-RS256", {}),
        ("ES256", None, {}),
        ("ES256", "", {}),
        ("ES256", "key-ES256", {"crit": ["exp"]}),
        ("ES256", "key-ES256", {"crit": []}),
    ],
)
async def test_a_token_of_a_key_that_is_not_its_own_or_of_none_is_refused(
    clock: ManualClock, algorithm: str, kid: str | None, header: dict[str, Any]
) -> None:
    authenticator = by_keys(clock)
    await authenticator.identify(good(clock))

    with pytest.raises((Unauthenticated, KeysUnavailable)):
        await authenticator.identify(f"Bearer {signed(algorithm, kid, header=header, **claims(clock))}")


@pytest.mark.parametrize("kid", [7, None, ["key-ES256"], {"a": 1}, True])
async def test_a_kid_that_is_no_text_is_refused(clock: ManualClock, kid: object) -> None:
    with pytest.raises(Unauthenticated):
        await by_keys(clock).identify(forged({"alg": "ES256", "kid": kid}, claims(clock), b"x" * 32))


async def test_a_token_that_would_be_refused_anyway_makes_nobody_look_for_its_key(clock: ManualClock) -> None:
    authenticator = by_keys(clock, source := Source(), issuer="us")

    for changes in ({"exp": 1}, {"iss": "them"}, {"sub": ""}):
        with pytest.raises(Unauthenticated):
            await authenticator.identify(
                f"Bearer {signed('ES256', 'garbage', **claims(clock, **{'iss': 'us'} | changes))}"
            )
    for text in (f"Bearer {'x' * 9000}", "Bearer a.b.c", forged({"alg": "none", "kid": "x"}, claims(clock), b"x")):
        with pytest.raises(Unauthenticated):
            await authenticator.identify(text)

    assert source.asked == 0


async def test_whether_a_key_exists_is_not_guessed_while_the_endpoint_is_down(clock: ManualClock) -> None:
    authenticator = by_keys(clock)
    await authenticator.identify(good(clock))

    with pytest.raises(KeysUnavailable):
        await authenticator.identify(f"Bearer {signed('ES256', 'new', **claims(clock))}")

    assert (await authenticator.identify(good(clock, "RS256"))).user == "alice"


async def test_with_keys_alone_no_secret_is_taken_and_no_token_made(clock: ManualClock) -> None:
    token = jwt.encode(claims(clock), OLD, algorithm="HS256", headers={"kid": "key-ES256"})

    with pytest.raises(Unauthenticated):
        await by_keys(clock).identify(f"Bearer {token}")
    with pytest.raises(ValueError, match="AUTH_SECRET"):
        by_keys(clock).issue("alice", timedelta(1))


async def test_keys_and_secrets_may_stand_side_by_side(clock: ManualClock) -> None:
    authenticator = by_keys(clock, None, OLD)

    assert (await authenticator.identify(good(clock))).user == "alice"
    assert (await authenticator.identify(f"Bearer {authenticator.issue('bob', timedelta(1))}")).user == "bob"


async def test_the_first_secret_signs_and_each_is_taken(clock: ManualClock) -> None:
    before, during, after = (Authenticator(secrets, clock) for secrets in ([OLD], [NEW, OLD], [NEW]))
    old, new = (f"Bearer {each.issue('alice', timedelta(1))}" for each in (before, during))

    assert (await during.identify(old)).user == (await during.identify(new)).user == "alice"
    assert (await after.identify(new)).user == "alice"
    for authenticator, token in ((after, old), (before, new), (Authenticator([OTHER], clock), new)):
        with pytest.raises(Unauthenticated):
            await authenticator.identify(token)
