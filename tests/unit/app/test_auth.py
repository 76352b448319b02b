"""Tokens: whose they are and until when, by a clock that is passed in."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth import Authenticator, DevelopmentSessions, SessionRefused, Unauthenticated, is_loopback, is_user_id
from tests.clock import ManualClock

SECRET = "a secret of these tests alone, which is long enough"


def make(clock: ManualClock, **overrides: Any) -> Authenticator:
    return Authenticator([SECRET], clock, **overrides)


def header(**claims: Any) -> str:
    return f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"


async def test_a_token_is_good_to_the_moment_of_its_expiry(clock: ManualClock) -> None:
    authenticator = make(clock)
    bearer = f"Bearer {authenticator.issue('alice', timedelta(seconds=10))}"

    clock.advance(9.999)
    identity = await authenticator.identify(bearer)
    clock.advance(0.001)

    assert (identity.user, identity.expires_at) == ("alice", clock().timestamp())
    with pytest.raises(Unauthenticated):
        await authenticator.identify(bearer)


async def test_a_token_is_good_from_its_nbf_on(clock: ManualClock) -> None:
    authenticator, now = make(clock), clock().timestamp()
    bearer = header(sub="alice", exp=now + 100, nbf=now + 10)

    with pytest.raises(Unauthenticated):
        await authenticator.identify(bearer)
    clock.advance(10)

    assert (await authenticator.identify(bearer)).user == "alice"


async def test_a_known_token_lends_nothing_to_one_that_resembles_it(clock: ManualClock) -> None:
    authenticator = make(clock)
    bearer = header(sub="alice", exp=clock().timestamp() + 100)
    identity = await authenticator.identify(bearer)
    signed, _, signature = bearer.rpartition(".")
    forged = [f"{signed}.{signature[::-1]}", f"{signed}.", signed, bearer + "A", bearer.swapcase()]

    for token in forged:
        with pytest.raises(Unauthenticated):
            await authenticator.identify(token)
    assert await authenticator.identify(bearer) == identity


async def test_so_many_tokens_are_known_and_no_more(clock: ManualClock) -> None:
    authenticator, expiry = make(clock, most_known=3), clock().timestamp() + 100
    bearers = [header(sub=f"user-{n}", exp=expiry) for n in range(5)]

    for bearer in (*bearers, *bearers):
        await authenticator.identify(bearer)

    assert len(authenticator._known) == 3


@pytest.mark.parametrize("audience", ["media", ["other", "media"]])
async def test_a_token_of_the_configured_issuer_for_the_configured_audience_is_good(
    clock: ManualClock, audience: object
) -> None:
    bearer = header(sub="alice", exp=clock().timestamp() + 100, iss="us", aud=audience)

    assert (await make(clock, issuer="us", audience="media").identify(bearer)).user == "alice"


@pytest.mark.parametrize(
    "claims",
    [{"iss": "them", "aud": "media"}, {"iss": "us", "aud": "other"}, {"iss": "us"}, {"aud": "media"}, {}],
)
async def test_a_token_of_another_issuer_or_for_another_audience_is_refused(
    clock: ManualClock, claims: dict[str, str]
) -> None:
    bearer = header(sub="alice", exp=clock().timestamp() + 100, **claims)

    with pytest.raises(Unauthenticated):
        await make(clock, issuer="us", audience="media").identify(bearer)


async def test_tokens_that_are_issued_here_are_good_here(clock: ManualClock) -> None:
    authenticator = make(clock, issuer="us", audience="media")

    assert (await authenticator.identify(f"Bearer {authenticator.issue('alice', timedelta(1))}")).user == "alice"


@pytest.mark.parametrize("user", ["", ".", "..", "a/b", "a b", "ä", "a" * 129, "a\n", "a%2Fb", "a\x00"])
def test_no_token_is_issued_for_what_is_no_user(clock: ManualClock, user: str) -> None:
    assert not is_user_id(user)
    with pytest.raises(ValueError, match="a user's name"):
        make(clock).issue(user, timedelta(1))


@pytest.mark.parametrize("given", [None, 1, True, ["alice"], {"sub": "alice"}, b"alice"])
def test_a_user_is_text(given: object) -> None:
    assert not is_user_id(given)


@given(st.text(max_size=200))
async def test_any_header_is_understood_or_refused(text: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await make(ManualClock()).identify(text)

    assert caught.value.was_given == bool(text)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST", "studio.localhost"]
)
def test_a_loopback_address_is_of_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "192.168.0.1",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "2130706433",
        "",
    ],
)
def test_others_can_reach_any_other_address(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8080", None),
        ("127.0.0.1:8080", "null"),
        ("127.0.0.1:8080", "http://127.0.0.1:8081"),
        ("127.0.0.1:8080", "http://localhost:8080"),
        ("evil.example", "http://evil.example"),
        ("localhost@evil.example", "http://localhost@evil.example"),
        ("evil.example#localhost", "http://evil.example#localhost"),
        ("[", "http://["),
        ("localhost:x", "http://localhost:x"),
        ("", "http://"),
    ],
)
def test_a_session_is_for_the_services_own_page_alone(clock: ManualClock, host: str, origin: str | None) -> None:
    with pytest.raises(SessionRefused):
        DevelopmentSessions(make(clock), clock).open(host, origin)


async def test_a_session_says_until_when_its_token_is_good(clock: ManualClock) -> None:
    authenticator = make(clock)

    token, identity = DevelopmentSessions(authenticator, clock).open("localhost:8080", "http://localhost:8080")

    assert (await authenticator.identify(f"Bearer {token}")).expires_at == int(identity.expires_at)
