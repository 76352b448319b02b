"""Fetches a key set over HTTP: bounded in time and size, without following redirects."""

from http import HTTPStatus

import aiohttp
from yarl import URL

from app.keyring import Fetched, KeysUnavailable

FETCH_SECONDS = 5.0
MAX_SET_BYTES = 256 * 1024


class KeyClient:
    """Implements `KeySource`. The URL is the operator's; where it leads to is nobody else's choice."""

    def __init__(self, session: aiohttp.ClientSession, url: URL) -> None:
        self._session = session
        self._url = url

    async def fetch(self, etag: str | None) -> Fetched | None:
        headers = {"Accept": "application/jwk-set+json, application/json"}
        if etag is not None:
            headers["If-None-Match"] = etag
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        try:
            async with self._session.get(
                self._url, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if etag is not None and response.status == HTTPStatus.NOT_MODIFIED:
                    return None
                if response.status != HTTPStatus.OK:
                    raise KeysUnavailable(f"status {response.status}")
                return Fetched(await _bounded(response), response.headers.get("ETag"))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise KeysUnavailable(type(error).__name__) from error


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_SET_BYTES:
            raise KeysUnavailable("too large")
    return bytes(body)
