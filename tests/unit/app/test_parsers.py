"""What handlers read from a head: any text gives a value that was meant, or the typed refusal."""

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict, MultiDict

from app.auth import Authenticator, Unauthenticated, is_user_id
from app.body import MAX_LIMIT, page_of
from app.handlers.events import UNKNOWN, resume_id
from app.handlers.generation import idempotency_key
from app.middleware import _HOST, _SANE_ID
from app.queries import _errors
from jobs.errors import InvalidRequest
from jobs.eventid import EventId
from tests.clock import ManualClock

SECRET = "the secret that all tokens of these tests are signed with"
FIELD = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=300)
"""What the parser lets through as a field's value."""
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
CLAIM = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)


def request_with(target: str = "/", **headers: str) -> Any:
    return make_mocked_request("GET", target, headers=CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()}))


@given(FIELD | st.from_regex(r"[\x21-\x7e]{1,255}", fullmatch=True))
@example("")
@example("a" * 256)
def test_an_idempotency_key_is_taken_as_it_is_or_refused(key: str) -> None:
    fits = 1 <= len(key) <= 255 and all("!" <= char <= "~" for char in key)
    request = request_with(Idempotency_Key=key)
    if fits:
        assert idempotency_key(request) == key
        return

    with pytest.raises(InvalidRequest) as caught:
        idempotency_key(request)
    assert [error.field for error in caught.value.errors] == ["Idempotency-Key"]


@given(FIELD)
@example("0123456789abcdef-0123456789ab-01234567")
def test_any_last_event_id_is_one_of_ours_or_unknown(text: str) -> None:
    read = resume_id(request_with(Last_Event_ID=text))

    assert read == (None if not text else EventId.parse(text) or UNKNOWN)


@given(
    st.builds(EventId.of, st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.integers(0, 2**48 - 1), st.integers(0, 9))
)
def test_an_id_that_was_told_is_the_one_to_resume_from(id: EventId) -> None:
    assert resume_id(request_with(Last_Event_ID=str(id))) == id
    assert resume_id(request_with(f"/?lastEventId={id}")) == id


@given(st.text(max_size=8) | st.integers().map(str))
def test_any_limit_is_a_number_within_its_bounds_or_refused(text: str) -> None:
    request = request_with()
    request = request.clone(rel_url=request.rel_url.with_query({"limit": text}))
    try:
        limit, _ = page_of(request)
    except InvalidRequest:
        return
    assert 1 <= limit <= MAX_LIMIT
    assert str(limit) == text.lstrip("0")


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "A", ""]), st.text(max_size=2)), max_size=6))
def test_each_unknown_or_repeated_parameter_is_named_once(pairs: list[tuple[str, str]]) -> None:
    names = [name for name, _ in pairs]

    wrong = [error.field for error in _errors(MultiDict(pairs), frozenset("ab"))]

    assert len(set(wrong)) == len(wrong)
    assert set(wrong) == {name for name in names if name not in {"a", "b"} or names.count(name) > 1}


@given(FIELD)
@example("[::1]:8080")
def test_any_host_is_sane_or_has_no_character_that_could_end_it(text: str) -> None:
    if _HOST.fullmatch(text):
        assert not set(text) & set(' \t/?#@\\"<>{}|^`')


@pytest.mark.parametrize("host", ["", "a", "a.example:443", "[::1]", "[::1]:80", "127.0.0.1:8080", "a_b", "a:"])
def test_hosts_that_clients_send_are_sane(host: str) -> None:
    assert _HOST.fullmatch(host)


@given(FIELD)
def test_a_sane_request_id_can_stand_in_a_log_and_in_a_header(text: str) -> None:
    if _SANE_ID.fullmatch(text):
        assert text.isascii()
        assert text.isprintable()
        assert json.dumps(text) == f'"{text}"'


@given(
    st.dictionaries(st.sampled_from(["sub", "exp", "nbf", "iat", "iss", "aud", "jti", "x"]), CLAIM),
    st.dictionaries(st.sampled_from(["typ", "kid", "crit", "b64", "zip"]), SCALARS),
)
async def test_whatever_a_signed_token_claims_it_names_a_user_or_is_refused(
    claims: dict[str, Any], header: dict[str, Any]
) -> None:
    authenticator = Authenticator((SECRET,), ManualClock())
    try:
        token = jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, "HS256", headers=header)
    except (TypeError, ValueError, jwt.PyJWTError):
        return

    try:
        identity = await authenticator.identify(f"Bearer {token}")
    except Unauthenticated:
        return
    assert is_user_id(identity.user)
    assert identity.expires_at > ManualClock()().timestamp()


@given(st.from_regex(r"[A-Za-z0-9._@|:-]{1,128}", fullmatch=True).filter(is_user_id))
async def test_any_user_that_may_be_is_known_by_his_token(user: str) -> None:
    authenticator = Authenticator((SECRET,), ManualClock())

    identity = await authenticator.identify(f"Bearer {authenticator.issue(user, timedelta(hours=1))}")

    assert identity.user == user
