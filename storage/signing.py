"""Signed URLs for the stores of our own: what the holder of a URL may do, and until when."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from storage.store import ObjectExists, PresignedUpload, StorageError

VERSION: Final = "1"
LENGTH_RANGE_HEADER: Final = "x-upload-content-length-range"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_REQUIRED = frozenset({"v", "expires", "signature"})
_OPTIONAL = {"GET": frozenset({"filename"}), "PUT": frozenset[str]()}
_SIGNED_HEADERS: dict[str, tuple[str, ...]] = {"GET": (), "PUT": ("content-type", LENGTH_RANGE_HEADER)}


class SignatureRefused(StorageError):  # named by what is wrong, as in the port
    """The signed URL does not permit this request."""


class SignatureInvalid(SignatureRefused):
    """The request is not the one that was signed."""


class SignatureExpired(SignatureRefused):
    """The signed URL has expired."""


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


class UrlSigner:
    """Makes signed URLs below `base_url` and verifies the requests that come in on them.

    A signature is the HMAC-SHA256 of method, object path, parameters (version, expiry, filename) and signed
    headers (type, size bounds). Whoever has the URL has the right: neither it nor its query belongs in a log.
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
        if not 0 <= min_bytes <= max_bytes:
            raise ValueError("the size bounds contradict each other")
        headers = {"Content-Type": content_type, LENGTH_RANGE_HEADER: f"{min_bytes:d},{max_bytes:d}"}
        expires_at = self._expires_at(expires_in)
        signed = {name.lower(): value for name, value in headers.items()}
        url = self._url("PUT", path, expires_at, {}, signed)
        return PresignedUpload(url, "PUT", headers, expires_at, max_bytes)

    def verify(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], now: datetime
    ) -> ReadGrant | WriteGrant:
        """Give what the request may do; nothing of it is believed before its signature is found right.

        `path` is the object's, percent-decoded once, without the base URL's; `query` is decoded, too. Both
        mappings may be multi-dicts. Raises `SignatureInvalid`, and `SignatureExpired` for an authentic one
        that is over.
        """
        # RFC 9110, section 9.3.2: HEAD is a GET without content.
        signed_method = "GET" if method == "HEAD" else method
        parameters = _sent_parameters(signed_method, query)
        signed_headers = _sent_headers(signed_method, headers)
        given = parameters.pop("signature")
        expected = self._signature(signed_method, path, parameters, signed_headers)
        if not hmac.compare_digest(expected.encode(), given.encode(errors="backslashreplace")):
            raise SignatureInvalid("the signature does not fit the request")
        if now >= _EPOCH + int(parameters["expires"]) * _MILLISECOND:
            raise SignatureExpired("the signed URL has expired")
        return _grant(signed_method, path, parameters, signed_headers)

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


def _check_size(size: int, least: int, most: int) -> None:
    if size > most:
        raise TooManyBytes(f"more than {most} bytes")
    if size < least:
        raise TooFewBytes(f"fewer than {least} bytes")


def _sent_parameters(method: str, query: Mapping[str, str]) -> dict[str, str]:
    pairs = list(query.items())
    parameters = dict(pairs)
    if method not in _OPTIONAL or len(parameters) != len(pairs):
        raise SignatureInvalid("not a signed method, or a parameter is repeated")
    if not _REQUIRED <= parameters.keys() <= _REQUIRED | _OPTIONAL[method] or parameters["v"] != VERSION:
        raise SignatureInvalid("the parameters are not those of a signed URL")
    return parameters


def _sent_headers(method: str, headers: Mapping[str, str]) -> dict[str, str]:
    names = _SIGNED_HEADERS[method]
    sent = [(name.lower(), value) for name, value in headers.items() if name.lower() in names]
    if Counter(name for name, _ in sent) != Counter(names):
        raise SignatureInvalid("a signed header is missing or repeated")
    return dict(sent)


def _grant(method: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> ReadGrant | WriteGrant:
    if method == "GET":
        return ReadGrant(path, parameters.get("filename"))
    least, _, most = headers[LENGTH_RANGE_HEADER].partition(",")
    return WriteGrant(path, headers["content-type"], int(least), int(most))
