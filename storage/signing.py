"""Signed URLs for the stores of our own: what the holder of a URL may do, and until when."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from storage.store import ObjectExists, PresignedUpload, StorageError

VERSION: Final = "1"
LENGTH_RANGE_HEADER: Final = "x-upload-content-length-range"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_REQUIRED = frozenset({"v", "expires", "signature"})
_SESSION = "session"  # what a session's URL is signed for instead of a method: it takes two
_SCOPES: Mapping[str, str] = {"GET": "GET", "HEAD": "GET", "PUT": "PUT"}  # RFC 9110, section 9.3.2: HEAD is a GET
_SESSION_METHODS = frozenset({"PUT", "DELETE"})
_OPTIONAL = {"GET": frozenset({"filename"}), "PUT": frozenset[str](), _SESSION: frozenset({"session"})}
_SIGNED_HEADERS: dict[str, tuple[str, ...]] = {"GET": (), "PUT": ("content-type", LENGTH_RANGE_HEADER), _SESSION: ()}


class SignatureRefused(StorageError):  # named by what is wrong, as in the port
    """The signed URL does not permit this request."""


class SignatureInvalid(SignatureRefused):
    """The request is not the one that was signed."""


class SignatureExpired(SignatureRefused):
    """The signed URL has expired."""


class SessionNotFound(StorageError):  # named by what is wrong, as in the port
    """There is no such upload session: never, not any more, or it was cancelled."""


class UploadRefused(StorageError):  # named by what is wrong, as in the port
    """The bytes are not what the signed URL takes; the URL is not used up by it."""


class TooFewBytes(UploadRefused):
    """There are fewer bytes than the signed URL takes, or than the request announced."""


class TooManyBytes(UploadRefused):
    """There are more bytes than the signed URL takes, or than the request announced."""


class AlreadyUploaded(UploadRefused, ObjectExists):
    """The signed URL makes a new object, and there is one already."""


@dataclass(frozen=True, slots=True)
class ReadGrant:
    """The right to read one object; with `filename` as an attachment of that name."""

    path: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class WriteGrant:
    """The right to make one object of this type and of `min_bytes` to `max_bytes` bytes, both inclusive."""

    path: str
    content_type: str
    min_bytes: int
    max_bytes: int
    expires_at: datetime

    async def admit(self, chunks: AsyncIterator[bytes], declared_length: int | None) -> AsyncGenerator[bytes, None]:
        """Pass the chunks on, as long as they may be what was signed and what Content-Length announced.

        Raises `TooManyBytes` before the chunk that would pass the bound, `TooFewBytes` at the end, and either
        before the first chunk is asked for when the announced length says it.
        """
        least, most = self.min_bytes, self.max_bytes
        if declared_length is not None:
            _check_size(declared_length, least, most)
            least = most = declared_length
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            _check_size(size, 0, most)
            yield chunk
        _check_size(size, least, most)


@dataclass(frozen=True, slots=True)
class SessionGrant:
    """The right to send the bytes of one upload session, to ask how far it is, and to cancel it."""

    path: str
    session_id: str


Grant = ReadGrant | WriteGrant | SessionGrant


class UrlSigner:
    """Makes signed URLs below `base_url` and verifies the requests that come in on them.

    A signature is the HMAC-SHA256 of method, object path, parameters (version, expiry, filename, session) and
    signed headers (type, size bounds). Whoever has the URL has the right: neither it nor its query belongs in a log.
    """

    def __init__(self, secret: bytes, base_url: str, clock: Callable[[], datetime]) -> None:
        if not secret:
            raise ValueError("an empty secret signs nothing")
        self._secret = secret
        self._base_url = base_url.rstrip("/")
        self._clock = clock

    def sign_get(self, path: str, expires_in: float, filename: str | None = None) -> str:
        """Sign a URL that reads `path` (GET and HEAD) for `expires_in` seconds."""
        named = {"filename": filename} if filename else {}
        return self._url("GET", path, self._expires_at(expires_in), named, {})

    def sign_put(
        self, path: str, content_type: str, min_bytes: int, max_bytes: int, expires_in: float
    ) -> PresignedUpload:
        """Sign a URL that takes `min_bytes` to `max_bytes` bytes for `path`, for `expires_in` seconds.

        The returned headers are part of the signature: the client sends them unchanged.
        Raises `ValueError` when no size could satisfy the bounds.
        """
        _check_bounds(min_bytes, max_bytes)
        headers = {"Content-Type": content_type, LENGTH_RANGE_HEADER: f"{min_bytes:d},{max_bytes:d}"}
        expires_at = self._expires_at(expires_in)
        signed = {name.lower(): value for name, value in headers.items()}
        url = self._url("PUT", path, expires_at, {}, signed)
        return PresignedUpload(url, "PUT", headers, expires_at, max_bytes)

    def sign_session(
        self, path: str, session_id: str, content_type: str, min_bytes: int, max_bytes: int, expires_in: float
    ) -> PresignedUpload:
        """Sign the URL of an upload session, for `expires_in` seconds.

        Type and bounds are the session's to keep: no header is part of the signature.
        Raises `ValueError` when no size could satisfy the bounds.
        """
        _check_bounds(min_bytes, max_bytes)
        expires_at = self._expires_at(expires_in)
        url = self._url(_SESSION, path, expires_at, {"session": session_id}, {})
        return PresignedUpload(url, "PUT", {"Content-Type": content_type}, expires_at, max_bytes)

    def verify(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], now: datetime
    ) -> Grant:
        """Give what the request may do; nothing of it is believed before its signature is found right.

        `path` is the object's, percent-decoded once, without the base URL's; `query` is decoded, too. Both
        mappings may be multi-dicts. Raises `SignatureInvalid`, and for an authentic one that is over
        `SignatureExpired`, or `SessionNotFound` where a client is to hear that it must begin again.
        """
        scope = _scope(method, query)
        parameters = _sent_parameters(scope, query)
        signed_headers = _sent_headers(scope, headers)
        given = parameters.pop("signature")
        expected = self._signature(scope, path, parameters, signed_headers)
        if not hmac.compare_digest(expected.encode(), given.encode(errors="backslashreplace")):
            raise SignatureInvalid("the signature does not fit the request")
        expires_at = _EPOCH + int(parameters["expires"]) * _MILLISECOND
        if now >= expires_at:
            raise SessionNotFound(path) if scope == _SESSION else SignatureExpired("the signed URL has expired")
        return _grant(scope, path, parameters, signed_headers, expires_at)

    def _expires_at(self, expires_in: float) -> datetime:
        """Give the end in whole milliseconds, rounded down, which is what the URL carries."""
        exact = self._clock() + timedelta(seconds=expires_in)
        return _EPOCH + (exact - _EPOCH) // _MILLISECOND * _MILLISECOND

    def _url(
        self,
        method: str,
        path: str,
        expires_at: datetime,
        extra: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> str:
        expires = str((expires_at - _EPOCH) // _MILLISECOND)
        parameters = {"v": VERSION, "expires": expires, **extra}
        signature = self._signature(method, path, parameters, headers)
        query = urlencode({**parameters, "signature": signature}, quote_via=quote, safe="")
        return f"{self._base_url}/{quote(path, safe='/')}?{query}"

    def _signature(self, method: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> str:
        # JSON quotes every part, so that no two requests have one text; in ASCII it takes any string.
        text = json.dumps([method, path, dict(parameters), dict(headers)], sort_keys=True)
        return hmac.new(self._secret, text.encode("ascii"), hashlib.sha256).hexdigest()


def session_id_of(url: str) -> str | None:
    """Give the session that a URL of ours names, unverified; None when it names none."""
    return parse_qs(urlsplit(url).query).get("session", [None])[0]


def _check_bounds(min_bytes: int, max_bytes: int) -> None:
    if not 0 <= min_bytes <= max_bytes:
        raise ValueError("the size bounds contradict each other")


def _check_size(size: int, least: int, most: int) -> None:
    if size > most:
        raise TooManyBytes(f"more than {most} bytes")
    if size < least:
        raise TooFewBytes(f"fewer than {least} bytes")


def _scope(method: str, query: Mapping[str, str]) -> str:
    if method in _SESSION_METHODS and "session" in query:
        return _SESSION
    if method not in _SCOPES:
        raise SignatureInvalid("no URL is signed for this method")
    return _SCOPES[method]


def _sent_parameters(scope: str, query: Mapping[str, str]) -> dict[str, str]:
    pairs = list(query.items())
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise SignatureInvalid("a parameter is repeated")
    if not _REQUIRED <= parameters.keys() <= _REQUIRED | _OPTIONAL[scope] or parameters["v"] != VERSION:
        raise SignatureInvalid("the parameters are not those of a signed URL")
    return parameters


def _sent_headers(scope: str, headers: Mapping[str, str]) -> dict[str, str]:
    names = _SIGNED_HEADERS[scope]
    sent = [(name.lower(), value) for name, value in headers.items() if name.lower() in names]
    if Counter(name for name, _ in sent) != Counter(names):
        raise SignatureInvalid("a signed header is missing or repeated")
    return dict(sent)


def _grant(
    scope: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str], expires_at: datetime
) -> Grant:
    if scope == "GET":
        return ReadGrant(path, parameters.get("filename"))
    if scope == _SESSION:
        return SessionGrant(path, parameters["session"])
    least, _, most = headers[LENGTH_RANGE_HEADER].partition(",")
    return WriteGrant(path, headers["content-type"], int(least), int(most), expires_at)
