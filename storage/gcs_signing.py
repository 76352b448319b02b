"""V4 signed URLs of Google Cloud Storage: what exactly is signed, as text, and the URL with the signature.

Source: cloud.google.com/storage/docs/authentication/signatures and …/canonical-requests. gcloud-aio-storage has a
signer, too, but lower-cases the values of headers, so that `Content-Type: video/mp4; codecs=AVC1` is refused.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, Protocol
from urllib.parse import quote

ALGORITHM: Final = "GOOG4-RSA-SHA256"
MOST_SECONDS: Final = 604_800
"""The longest life of a V4 signature: seven days."""
GOOGLE_HOST: Final = "storage.googleapis.com"

_REGION = "auto"  # the bucket's location is not checked, and this stands for any
_PAYLOAD_HEADER = "x-goog-content-sha256"

UrlStyle = Literal["path", "virtual-hosted", "bucket-bound"]
"""`https://HOST/BUCKET/OBJECT`, `https://BUCKET.HOST/OBJECT`, or for a host that is the bucket's `https://HOST/OBJECT`."""


class BlobSigner(Protocol):
    """The identity that URLs are signed with."""

    async def email(self) -> str:
        """Who signs: a service account's address. Raises `StorageUnavailable`."""
        ...

    async def sign(self, data: bytes) -> bytes:
        """The RSA signature (PKCS #1 v1.5 with SHA-256) of the data. Raises `StorageUnavailable`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRequest:
    """The one request that a signed URL permits; without `object_name` it is about the bucket.

    `headers` must be sent as they are, and are part of the signature with `Host`. `host` may have a port, which goes
    into the URL and not into what is signed. `expires_in` is in whole seconds.
    """

    method: str
    bucket: str
    object_name: str = ""
    expires_in: int
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    style: UrlStyle = "path"
    scheme: str = "https"
    host: str = GOOGLE_HOST

    @property
    def authority(self) -> str:
        """Where the request goes: the URL's host, and port where one was given."""
        return f"{self.bucket}.{self.host}" if self.style == "virtual-hosted" else self.host

    @property
    def path(self) -> str:
        """The URL's path, percent-encoded; slashes within the object's name stay."""
        bucket = f"/{self.bucket}" if self.style == "path" else ""
        return f"{bucket}/{quote(self.object_name, safe='/')}" if self.object_name or not bucket else bucket


@dataclass(frozen=True, slots=True)
class Signable:
    """What is signed for a request by one identity at one moment (aware; whole seconds count)."""

    request: UrlRequest
    email: str
    at: datetime

    def __post_init__(self) -> None:
        if not 0 < self.request.expires_in <= MOST_SECONDS:
            raise ValueError(f"a signed URL lives from 1 to {MOST_SECONDS} seconds")

    @property
    def canonical_query(self) -> str:
        """The whole query but the signature, sorted by encoded name."""
        own = {
            "X-Goog-Algorithm": ALGORITHM,
            "X-Goog-Credential": f"{self.email}/{self._scope}",
            "X-Goog-Date": self._timestamp,
            "X-Goog-Expires": str(self.request.expires_in),
            "X-Goog-SignedHeaders": ";".join(self._headers),
        }
        pairs = [(_encoded(name), _encoded(value)) for name, value in {**self.request.query, **own}.items()]
        return "&".join(f"{name}={value}" for name, value in sorted(pairs))

    @property
    def canonical_request(self) -> str:
        headers = self._headers
        lines = [f"{name}:{value}" for name, value in headers.items()]
        payload = headers.get(_PAYLOAD_HEADER, "UNSIGNED-PAYLOAD")
        return "\n".join(
            [self.request.method, self.request.path, self.canonical_query, *lines, "", ";".join(headers), payload]
        )

    @property
    def string_to_sign(self) -> str:
        digest = hashlib.sha256(self.canonical_request.encode()).hexdigest()
        return f"{ALGORITHM}\n{self._timestamp}\n{self._scope}\n{digest}"

    def url(self, signature: bytes) -> str:
        """The URL, signed."""
        request = self.request
        base = f"{request.scheme}://{request.authority}{request.path}"
        return f"{base}?{self.canonical_query}&X-Goog-Signature={signature.hex()}"

    @property
    def _timestamp(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    @property
    def _scope(self) -> str:
        return f"{self._timestamp[:8]}/{_REGION}/storage/goog4_request"

    @property
    def _headers(self) -> dict[str, str]:
        """The signed headers by name: names in lower case, values as they are but for the white space."""
        host = self.request.authority.partition(":")[0]
        given = {name.lower(): _trimmed(value) for name, value in self.request.headers.items()}
        if len(given) < len(self.request.headers) or "host" in given:
            raise ValueError("a header that is to be signed is given twice")
        return dict(sorted({**given, "host": host}.items()))


async def signed_url(request: UrlRequest, signer: BlobSigner, at: datetime) -> str:
    """Sign a URL that permits `request` from `at` on. Raises `StorageUnavailable`, and `ValueError` for its bounds."""
    signable = Signable(request, await signer.email(), at)
    return signable.url(await signer.sign(signable.string_to_sign.encode()))


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _trimmed(value: str) -> str:
    return re.sub(r"\s+", " ", value.strip())
