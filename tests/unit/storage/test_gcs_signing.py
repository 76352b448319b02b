"""V4 signing to the letter: the exact texts that are signed, worked out by hand from Google's description.

Source: cloud.google.com/storage/docs/authentication/canonical-requests, …/signatures.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from storage.gcs_credentials import KeySigner
from storage.gcs_signing import Signable, UrlRequest, signed_url
from tests.gcs.accounts import Account

EMAIL = "signer@project.iam.gserviceaccount.com"
AT = datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
GET = UrlRequest(method="GET", bucket="media", object_name="a.png", expires_in=900)
CREDENTIAL = "signer%40project.iam.gserviceaccount.com%2F20260203%2Fauto%2Fstorage%2Fgoog4_request"
QUERY = (
    f"X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential={CREDENTIAL}&X-Goog-Date=20260203T040506Z"
    "&X-Goog-Expires=900&X-Goog-SignedHeaders="
)


def signable(request: UrlRequest, at: datetime = AT) -> Signable:
    return Signable(request, EMAIL, at)


def canonical(request: UrlRequest) -> list[str]:
    return signable(request).canonical_request.split("\n")


def test_a_plain_get_is_these_lines() -> None:
    assert canonical(GET) == [
        "GET",
        "/media/a.png",
        QUERY + "host",
        "host:storage.googleapis.com",
        "",
        "host",
        "UNSIGNED-PAYLOAD",
    ]


def test_the_string_to_sign_has_algorithm_time_scope_and_the_digest_of_the_request() -> None:
    digest = hashlib.sha256(signable(GET).canonical_request.encode()).hexdigest()

    assert signable(GET).string_to_sign == (
        f"GOOG4-RSA-SHA256\n20260203T040506Z\n20260203/auto/storage/goog4_request\n{digest}"
    )
    assert digest == "884996dc224ebee3faa3d585172735de23aefe5ab6b9b7dc1a761b3499a6b90a"


def test_what_the_service_presigns_has_each_header_signed_in_order() -> None:
    headers = {
        "x-goog-if-generation-match": "0",
        "x-goog-content-length-range": "1,52428800",
        "Content-Type": "image/png",
    }

    assert canonical(replace(GET, method="PUT", headers=headers)) == [
        "PUT",
        "/media/a.png",
        QUERY + "content-type%3Bhost%3Bx-goog-content-length-range%3Bx-goog-if-generation-match",
        "content-type:image/png",
        "host:storage.googleapis.com",
        "x-goog-content-length-range:1,52428800",
        "x-goog-if-generation-match:0",
        "",
        "content-type;host;x-goog-content-length-range;x-goog-if-generation-match",
        "UNSIGNED-PAYLOAD",
    ]


@pytest.mark.parametrize(
    ("value", "signed"),
    [
        ("video/mp4; codecs=AVC1", "video/mp4; codecs=AVC1"),  # the case of a value stays
        ("  leading", "leading"),
        ("trailing \t ", "trailing"),
        ("a   b\t\tc", "a b c"),
        ("a, b,c", "a, b,c"),
        ("", ""),
    ],
)
def test_a_headers_name_is_lower_case_and_its_value_trimmed(value: str, signed: str) -> None:
    assert f"x-goog-meta-note:{signed}" in canonical(replace(GET, headers={"X-Goog-Meta-Note": value}))


def test_a_payload_whose_digest_is_signed_is_named_by_it() -> None:
    assert canonical(replace(GET, headers={"X-Goog-Content-SHA256": "ab12"}))[-1] == "ab12"


@pytest.mark.parametrize("headers", [{"A": "1", "a": "2"}, {"Host": "elsewhere"}])
def test_a_header_that_is_given_twice_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="twice"):
        signable(replace(GET, headers=headers)).url(b"")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b/c.png", "/media/a/b/c.png"),
        ("/a//b/", "/media//a//b/"),
        ("a b+c", "/media/a%20b%2Bc"),
        ("é写", "/media/%C3%A9%E5%86%99"),
        ("100%41#?&=", "/media/100%2541%23%3F%26%3D"),
        ("-._~", "/media/-._~"),
        ("!$'()*,:;@[]", "/media/%21%24%27%28%29%2A%2C%3A%3B%40%5B%5D"),
        ("", "/media"),
    ],
)
def test_all_of_an_objects_name_is_encoded_but_slashes_and_what_is_unreserved(name: str, path: str) -> None:
    assert canonical(replace(GET, object_name=name))[1] == path


def test_parameters_are_encoded_and_sorted_among_googles_own() -> None:
    query = {
        "response-content-disposition": "attachment; filename*=UTF-8''é.png",
        "A": "/~ +",
        "Zoo": "",
        "é": "1",
    }

    assert canonical(replace(GET, query=query))[2] == (
        "%C3%A9=1&A=%2F~%20%2B&"
        + QUERY
        + "host&Zoo=&response-content-disposition=attachment%3B%20filename%2A%3DUTF-8%27%27%C3%A9.png"
    )


@pytest.mark.parametrize(
    ("changes", "url", "host", "path"),
    [
        ({}, "https://storage.googleapis.com/media/a.png?", "storage.googleapis.com", "/media/a.png"),
        (
            {"style": "virtual-hosted"},
            "https://media.storage.googleapis.com/a.png?",
            "media.storage.googleapis.com",
            "/a.png",
        ),
        (
            {"style": "virtual-hosted", "object_name": ""},
            "https://media.storage.goo",
            "media.storage.googleapis.com",
            "/",
        ),
        ({"style": "bucket-bound", "host": "cdn.example"}, "https://cdn.example/a.png?", "cdn.example", "/a.png"),
        (
            {"scheme": "http", "host": "127.0.0.1:9023"},
            "http://127.0.0.1:9023/media/a.png?",
            "127.0.0.1",
            "/media/a.png",
        ),
    ],
)
def test_the_bucket_is_in_the_path_or_in_the_host(changes: dict[str, str], url: str, host: str, path: str) -> None:
    request = replace(GET, **changes)  # type: ignore[arg-type]

    assert signable(request).url(b"").startswith(url)
    assert canonical(request)[1] == path
    assert f"host:{host}" in canonical(request)


def test_the_time_is_told_in_utc_and_without_its_fraction() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-5)))

    assert signable(GET, elsewhere).string_to_sign == signable(GET).string_to_sign


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
def test_a_signature_lives_for_seven_days_at_most(seconds: int) -> None:
    with pytest.raises(ValueError, match="604800"):
        signable(replace(GET, expires_in=seconds))

    assert "X-Goog-Expires=604800" in signable(replace(GET, expires_in=604_800)).canonical_query


async def test_the_url_ends_with_the_keys_signature_of_that_string(gcs_account: Account) -> None:
    url = await signed_url(GET, KeySigner(EMAIL, gcs_account.key), AT)

    signature = bytes.fromhex(parse_qs(urlsplit(url).query)["X-Goog-Signature"][0])
    assert urlsplit(url).query.rpartition("&")[0] == signable(GET).canonical_query
    gcs_account.public_key.verify(signature, signable(GET).string_to_sign.encode(), padding.PKCS1v15(), hashes.SHA256())
