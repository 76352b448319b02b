"""Fetching results: from public addresses only, every redirect looked at, bytes capped, the type from the bytes."""

import asyncio
import base64
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from actors.processing.signatures import HEAD_BYTES, sniff
from actors.providers.failures import failure, failure_of_status, unusable
from schema.models import MediaKind

MOST_BYTES: Mapping[MediaKind, int] = {"image": 64 * 2**20, "video": 2 * 2**30}
MOST_REDIRECTS = 4
CHUNK_BYTES = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=1800, sock_connect=15, sock_read=60)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXPIRED = frozenset({401, 403, 404, 410})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Allows = Callable[[str], bool]


class _Refused(OSError):
    """The address of a socket is none that results may come from."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = wrapped or ip
    return ip.is_global and not ip.is_multicast


def guarded_connector(allows: Allows) -> aiohttp.TCPConnector:
    """A connector that looks at the address of each socket: names resolve anew, and some URLs have none."""

    def make(info: tuple[Any, ...]) -> socket.socket:
        if not allows(info[4][0]):
            raise _Refused("not a public address")
        return socket.socket(info[0], info[1], info[2])

    return aiohttp.TCPConnector(socket_factory=make, use_dns_cache=False)


class Downloads:
    """Fetches files: from the provider's own origin with its credentials, from elsewhere guarded and without."""

    def __init__(
        self, own: aiohttp.ClientSession, guarded: aiohttp.ClientSession, base: URL, headers: Mapping[str, str]
    ) -> None:
        self._own = own
        self._guarded = guarded
        self._base = base
        self._headers = headers

    async def fetch(self, url: str, file: Path, kind: MediaKind) -> str:
        """Write what lies at `url` to `file`; its content type. Raises `ProviderError`, leaving no file."""
        try:
            target = URL(url)
            for _ in range(MOST_REDIRECTS + 1):
                async with self._get(target) as response:
                    if response.status not in _REDIRECTS:
                        return await _receive(response, file, kind)
                    target = target.join(URL(response.headers["Location"]))
            raise unusable("The provider's result is redirected too often.")
        except (KeyError, ValueError) as error:
            raise unusable("The provider's result has no usable address.") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _Refused):
                raise unusable("The provider's result lies at an address that is not public.") from error
            raise failure("provider_unavailable") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise failure("provider_unavailable") from error

    def _get(self, url: URL) -> Any:
        if url.origin() == self._base.origin():
            return self._own.get(url, headers=self._headers, allow_redirects=False, timeout=TIMEOUT)
        if url.scheme != "https":
            raise unusable("The provider's result is not offered by https.")
        return self._guarded.get(url, allow_redirects=False, timeout=TIMEOUT)


def decoded(content: object) -> bytes:
    """What came inside of an answer in base64. Raises `ProviderError`."""
    if not isinstance(content, str) or not content:
        raise unusable("The provider finished without any media.")
    try:
        return base64.b64decode(content)
    except ValueError as error:
        raise unusable("The provider's result can't be read.") from error


def preview(content: object) -> tuple[bytes, str]:
    """A partial picture that came in base64, and its content type by its bytes. Raises `ProviderError`."""
    picture = decoded(content)
    return picture, _media_type(picture[:HEAD_BYTES], "image")


async def save(content: bytes, file: Path, kind: MediaKind) -> str:
    """Write what came inside of an answer to `file`; its content type. Raises `ProviderError`."""
    content_type = _media_type(content[:HEAD_BYTES], kind)
    await asyncio.to_thread(file.write_bytes, content)
    return content_type


async def _receive(response: aiohttp.ClientResponse, file: Path, kind: MediaKind) -> str:
    if response.status in _EXPIRED:
        raise unusable("The provider's result is no longer there.")
    if response.status != 200:  # noqa: PLR2004  # whatever else is no whole file
        raise failure_of_status(response.status, response.headers, {})
    try:
        head = await _write(_capped(response, MOST_BYTES[kind]), file)
        return _media_type(head, kind)
    except BaseException:
        await asyncio.to_thread(file.unlink, missing_ok=True)
        raise


async def _capped(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        received += len(chunk)
        if received > most:
            raise unusable("The provider's result is too large.")
        yield chunk


async def _write(chunks: AsyncIterator[bytes], file: Path) -> bytes:
    """Write the chunks; the file's first bytes."""
    head = b""
    with await asyncio.to_thread(file.open, "wb") as stream:
        async for chunk in chunks:
            if len(head) < HEAD_BYTES:
                head += chunk[: HEAD_BYTES - len(head)]
            await asyncio.to_thread(stream.write, chunk)
    return head


def _media_type(head: bytes, kind: MediaKind) -> str:
    content_type = sniff(head)
    if content_type is None or not content_type.startswith(kind):
        raise unusable(f"What the provider calls its result is no {kind}.")
    return content_type
