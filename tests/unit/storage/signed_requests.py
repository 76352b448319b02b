"""Requests to signed URLs as the HTTP side hands them to `verify`, whole or altered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from storage.signing import Grant, UrlSigner
from storage.store import PresignedUpload

NOW = datetime(2025, 6, 1, 12, 0, 0, 123_456, tzinfo=UTC)
BASE = "http://127.0.0.1:8080/storage"
PATH = "media/alice/0192/cat.jpg"


@dataclass(frozen=True)
class Request:
    """A request as the HTTP side hands it to `verify`."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    def verify(self, signer: UrlSigner, now: datetime = NOW) -> Grant:
        return signer.verify(self.method, self.path, self.query, self.headers, now)

    def with_parameter(self, name: str, value: str) -> "Request":
        return replace(self, query={**self.query, name: value})

    def with_header(self, name: str, value: str) -> "Request":
        return replace(self, headers={**self.headers, name: value})


def make_signer(secret: bytes = b"k" * 32, base_url: str = BASE) -> UrlSigner:
    return UrlSigner(secret, base_url, lambda: NOW)


def request_to(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Request:
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/storage/")
    return Request(method, path, dict(parse_qsl(parts.query, strict_parsing=True)), headers or {})


def read_request(filename: str | None = "cat.jpg", path: str = PATH) -> Request:
    return request_to(make_signer().sign_get(path, 60, filename))


def signed_put() -> PresignedUpload:
    return make_signer().sign_put(PATH, "image/jpeg", 1, 1000, 900)


def write_request() -> Request:
    presigned = signed_put()
    return request_to(presigned.url, presigned.method, presigned.headers)


def signed_session(session_id: str = "s-1_") -> PresignedUpload:
    return make_signer().sign_session(PATH, session_id, "image/jpeg", 1, 1000, 900)


def session_request() -> Request:
    return request_to(signed_session().url, "PUT")


def without(mapping: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in mapping.items() if key != name}
