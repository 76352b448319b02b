"""Tests of signed URLs: what was signed is granted, anything else is refused with a typed error."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, MultiDict

from storage.signing import (
    LENGTH_RANGE_HEADER,
    ReadGrant,
    SignatureExpired,
    SignatureInvalid,
    SignatureRefused,
    WriteGrant,
)
from tests.unit.storage.signed_requests import (
    BASE,
    NOW,
    PATH,
    Request,
    make_signer,
    read_request,
    request_to,
    session_request,
    signed_put,
    without,
    write_request,
)

SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1)
OBJECT_PATHS = st.lists(SEGMENTS.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_url_grants_get_and_head_of_its_object(method: str) -> None:
    request = replace(read_request(), method=method)

    assert request.verify(make_signer()) == ReadGrant(PATH, "cat.jpg")


def test_a_read_url_without_filename_grants_no_attachment() -> None:
    assert read_request(filename=None).verify(make_signer()) == ReadGrant(PATH, None)
    assert read_request(filename="").verify(make_signer()) == ReadGrant(PATH, None)


def test_a_write_url_grants_one_type_and_a_range_of_sizes() -> None:
    assert write_request().verify(make_signer()) == WriteGrant(PATH, "image/jpeg", 1, 1000, signed_put().expires_at)


def test_a_write_url_comes_with_exactly_the_headers_that_the_client_sends() -> None:
    presigned = signed_put()

    assert presigned.method == "PUT"
    assert presigned.headers == {"Content-Type": "image/jpeg", LENGTH_RANGE_HEADER: "1,1000"}
    assert presigned.max_bytes == 1000
    assert presigned.expires_at == datetime(2025, 6, 1, 12, 15, 0, 123_000, tzinfo=UTC)


def test_the_base_url_may_end_in_a_slash() -> None:
    url = make_signer(base_url=BASE + "/").sign_get(PATH, 60)

    assert url.startswith(f"{BASE}/{PATH}?")


def test_the_path_is_percent_encoded_in_the_url() -> None:
    url = make_signer().sign_get("media/a|b@c/my cat #1?é%41.jpg", 60)

    assert urlsplit(url).path == "/storage/media/a%7Cb%40c/my%20cat%20%231%3F%C3%A9%2541.jpg"
    assert not urlsplit(url).fragment


@settings(deadline=None)  # the machine may be shared
@given(OBJECT_PATHS, st.none() | SEGMENTS)
def test_any_path_and_filename_survive_the_round_trip(path: str, filename: str | None) -> None:
    assert read_request(filename, path).verify(make_signer()) == ReadGrant(path, filename)


def test_a_url_works_until_its_expiry_and_not_from_then_on() -> None:
    request, expiry = write_request(), signed_put().expires_at

    assert request.verify(make_signer(), expiry - timedelta(microseconds=1)).path == PATH
    with pytest.raises(SignatureExpired):
        request.verify(make_signer(), expiry)


def test_an_altered_request_is_invalid_even_when_it_has_expired() -> None:
    request = read_request().with_parameter("filename", "dog.jpg")

    with pytest.raises(SignatureInvalid):
        request.verify(make_signer(), NOW + timedelta(days=1))


ALTERATIONS: dict[str, Callable[[Request], Request]] = {
    "another path": lambda request: replace(request, path=PATH + "g"),
    "a path in its encoded form": lambda request: replace(request, path=PATH.replace("/", "%2F")),
    "another method": lambda request: replace(request, method="PUT" if request.method == "GET" else "GET"),
    "a method in lower case": lambda request: replace(request, method=request.method.lower()),
    "POST": lambda request: replace(request, method="POST"),
    "the name of a scope as the method": lambda request: replace(request, method="session"),
    "a later expiry": lambda request: request.with_parameter("expires", request.query["expires"] + "0"),
    "an expiry that is no number": lambda request: request.with_parameter("expires", "never"),
    "an expiry padded with a zero": lambda request: request.with_parameter("expires", "0" + request.query["expires"]),
    "another version": lambda request: request.with_parameter("v", "2"),
    "an extra parameter": lambda request: request.with_parameter("x", ""),
    "no signature": lambda request: replace(request, query=without(request.query, "signature")),
    "no expiry": lambda request: replace(request, query=without(request.query, "expires")),
    "no version": lambda request: replace(request, query=without(request.query, "v")),
    "an empty signature": lambda request: request.with_parameter("signature", ""),
    "a signature in capitals": lambda request: request.with_parameter("signature", request.query["signature"].upper()),
    "a signature not in ASCII": lambda request: request.with_parameter("signature", "é\ud800"),
}


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS.keys())
@pytest.mark.parametrize("make_request", [read_request, write_request, session_request])
def test_an_altered_request_is_invalid(
    make_request: Callable[[], Request], alter: Callable[[Request], Request]
) -> None:
    with pytest.raises(SignatureInvalid):
        alter(make_request()).verify(make_signer())


def test_a_changed_added_or_removed_filename_is_invalid() -> None:
    named, unnamed = read_request("cat.jpg"), read_request(None)

    for request in (
        named.with_parameter("filename", "dog.jpg"),
        unnamed.with_parameter("filename", "cat.jpg"),
        replace(named, query=without(named.query, "filename")),
        write_request().with_parameter("filename", "cat.jpg"),
    ):
        with pytest.raises(SignatureInvalid):
            request.verify(make_signer())


@pytest.mark.parametrize("name", ["v", "expires", "signature", "filename"])
def test_a_repeated_parameter_is_invalid_even_with_the_same_value(name: str) -> None:
    request = read_request()
    query = MultiDict(request.query)
    query.add(name, request.query[name])

    with pytest.raises(SignatureInvalid):
        replace(request, query=query).verify(make_signer())


def test_signed_headers_are_found_in_any_case_among_others() -> None:
    request = write_request()
    headers = CIMultiDict({name.upper(): value for name, value in request.headers.items()}, Host="x", Accept="*/*")

    assert replace(request, headers=headers).verify(make_signer()).path == PATH


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "image/png"),
        ("Content-Type", "image/jpeg; charset=utf-8"),
        ("Content-Type", ""),
        (LENGTH_RANGE_HEADER, "0,1000"),
        (LENGTH_RANGE_HEADER, "1,100000"),
        (LENGTH_RANGE_HEADER, "1, 1000"),
        (LENGTH_RANGE_HEADER, "nonsense"),
    ],
)
def test_a_changed_signed_header_is_invalid(name: str, value: str) -> None:
    with pytest.raises(SignatureInvalid):
        write_request().with_header(name, value).verify(make_signer())


@pytest.mark.parametrize("name", ["Content-Type", LENGTH_RANGE_HEADER])
def test_a_missing_or_repeated_signed_header_is_invalid(name: str) -> None:
    request = write_request()
    repeated = CIMultiDict(request.headers)
    repeated.add(name, request.headers[name])

    for headers in (without(request.headers, name), repeated):
        with pytest.raises(SignatureInvalid):
            replace(request, headers=headers).verify(make_signer())


def test_parts_of_one_field_cannot_be_moved_into_another() -> None:
    signer = make_signer()
    one = request_to(signer.sign_put("media/a/b", "image/png", 1, 2, 60).url)
    two = signer.sign_put("media/a", "b/image/png", 1, 2, 60)

    with pytest.raises(SignatureInvalid):
        replace(one, method="PUT", path="media/a", headers=two.headers).verify(signer)


def test_another_secret_signs_other_urls() -> None:
    with pytest.raises(SignatureInvalid):
        read_request().verify(make_signer(secret=b"other" * 8))


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        make_signer(secret=b"")


@pytest.mark.parametrize(("least", "most"), [(-1, 5), (6, 5)])
def test_bounds_that_contradict_each_other_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="bounds"):
        make_signer().sign_put(PATH, "image/png", least, most, 60)
    with pytest.raises(ValueError, match="bounds"):
        make_signer().sign_session(PATH, "s", "image/png", least, most, 60)


ANY = st.text(st.characters())
NAMES = st.sampled_from(["v", "expires", "signature", "filename", "session", "Content-Type", LENGTH_RANGE_HEADER])
MAPPINGS = st.dictionaries(NAMES | ANY, st.just("1") | ANY)


@settings(deadline=None)  # the machine may be shared
@given(st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "session"]) | ANY, ANY, MAPPINGS, MAPPINGS)
def test_no_request_raises_anything_but_the_typed_errors(
    method: str, path: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    with suppress(SignatureRefused):
        pytest.fail(f"granted {Request(method, path, query, headers).verify(make_signer())}")
