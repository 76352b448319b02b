"""Tests of the signed URLs of upload sessions: two methods, one session, and no header."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.signing import SessionGrant, SessionNotFound, SignatureInvalid, session_id_of
from tests.unit.storage.signed_requests import (
    PATH,
    Request,
    make_signer,
    read_request,
    session_request,
    signed_put,
    signed_session,
    without,
    write_request,
)


@pytest.mark.parametrize("make_request", [read_request, write_request])
def test_only_a_session_takes_delete(make_request: Callable[[], Request]) -> None:
    with pytest.raises(SignatureInvalid):
        replace(make_request(), method="DELETE").verify(make_signer())


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_session_url_grants_its_session_whatever_the_headers(method: str) -> None:
    request = replace(session_request(), method=method, headers={"Content-Type": "text/html"})

    assert request.verify(make_signer()) == SessionGrant(PATH, "s-1_")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_session_url_grants_no_other_method(method: str) -> None:
    with pytest.raises(SignatureInvalid):
        replace(session_request(), method=method).verify(make_signer())


def test_a_session_url_comes_with_the_type_and_the_bound() -> None:
    presigned = signed_session()

    assert (presigned.method, presigned.headers, presigned.max_bytes) == ("PUT", {"Content-Type": "image/jpeg"}, 1000)
    assert presigned.expires_at == datetime(2025, 6, 1, 12, 15, 0, 123_000, tzinfo=UTC)


def test_a_changed_added_or_removed_session_is_invalid() -> None:
    request = session_request()

    for altered in (
        request.with_parameter("session", "s-2_"),
        write_request().with_parameter("session", "s-1_"),
        read_request().with_parameter("session", "s-1_"),
        replace(request, query=without(request.query, "session")),
        replace(request, query=without(request.query, "session"), headers=write_request().headers),
    ):
        with pytest.raises(SignatureInvalid):
            altered.verify(make_signer())


def test_an_expired_session_url_says_that_the_session_is_gone() -> None:
    request, expiry = session_request(), signed_session().expires_at

    assert request.verify(make_signer(), expiry - timedelta(microseconds=1)) == SessionGrant(PATH, "s-1_")
    with pytest.raises(SessionNotFound):
        request.verify(make_signer(), expiry)
    with pytest.raises(SignatureInvalid):
        request.with_parameter("session", "s-2_").verify(make_signer(), expiry)


@pytest.mark.parametrize("session_id", ["s-1_", "a&session=b", "é#?"])
def test_the_session_of_a_url_is_found_without_the_key(session_id: str) -> None:
    assert session_id_of(signed_session(session_id).url) == session_id
    assert session_id_of(signed_put().url) is None
    assert session_id_of("") is None
