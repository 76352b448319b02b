"""How adapters speak HTTP: calls that are bounded in time and size, whose failures are those of the port."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from actors.providers.base import ProviderError
from actors.providers.downloads import Allows, Downloads, guarded_connector, is_public
from actors.providers.failures import AnswerLost, failure, failure_of_status, unreadable, unusable
from actors.providers.sse import ServerEvent, events_of
from schema.models import MediaKind

CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 120.0
MOST_ANSWER_BYTES = 256 * 2**20
"""Pictures come inside of some answers, in base64."""
MOST_MESSAGE_BYTES = 16 * 2**20
HEARTBEAT_SECONDS = 20.0
CLOSE_SECONDS = 2.0

Refusal = Callable[[int, Any], ProviderError | None]


def no_refusal(_status: int, _body: Any) -> ProviderError | None:
    """Leave it to the status."""
    return None


@dataclass(frozen=True, slots=True)
class HttpApi:
    """Where a provider's API is and how it is used; `headers` hold the key and go to its own origin alone.

    `refusal` reads an error from an answer's status and JSON body, where the provider says more than the status does.
    `allows` says which addresses results may come from. A call takes at most `seconds` where it does not say otherwise;
    it is given up when nothing comes for `silence_seconds`.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 60.0
    silence_seconds: float = SILENCE_SECONDS
    refusal: Refusal = no_refusal
    allows: Allows = is_public

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Calls"]:
        """Connections for one job."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=self.silence_seconds)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as own,
            aiohttp.ClientSession(connector=guarded_connector(self.allows), trust_env=False) as guarded,
        ):
            yield Calls(self, own, guarded)


class Calls:
    """Calls of one API. `path` is below the base URL, or a whole URL of the same origin."""

    def __init__(self, api: HttpApi, session: aiohttp.ClientSession, guarded: aiohttp.ClientSession) -> None:
        self._api = api
        self._downloads = Downloads(session, guarded, URL(api.base_url), api.headers)
        self.session = session

    def url(self, path: str) -> URL:
        """The whole URL. Raises `ProviderError` for one of another origin, which must not get our key."""
        base = URL(self._api.base_url)
        url = URL(path) if "://" in path else URL(f"{self._api.base_url.rstrip('/')}/{path.lstrip('/')}")
        if url.origin() != base.origin():
            raise failure("provider_error", retryable=False)
        return url

    async def json(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: aiohttp.FormData | None = None,
        headers: Mapping[str, str] | None = None,
        meanings: Mapping[int, str] | None = None,
        seconds: float | None = None,
    ) -> Any:
        """The JSON that a call is answered with; None for an empty answer.

        `meanings` are codes of statuses that mean something of their own here. Raises `ProviderError`; `AnswerLost`
        when a POST was sent and not answered.
        """
        with _translated(is_repeatable=method != "POST"):
            async with (
                asyncio.timeout(seconds or self._api.seconds),
                self._request(method, path, body, form, headers) as response,
            ):
                text = await _bounded(response)
                self._check(response, text, meanings or {})
        return _parsed(text)

    async def looked_up(self, path: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """What the API says of a job that it took on; where it has it no more, what was paid for is gone."""
        try:
            return await self.json("GET", path, headers=headers, meanings={404: "no_output"})
        except ProviderError as error:
            if error.code == "no_output":
                raise unusable("The provider no longer has what it made.") from error
            raise

    @asynccontextmanager
    async def events(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: aiohttp.FormData | None = None,
        headers: Mapping[str, str] | None = None,
        meanings: Mapping[int, str] | None = None,
    ) -> AsyncIterator[AsyncIterator[ServerEvent]]:
        """The server-sent events that a call is answered with, for as long as they come. Raises as `json` does."""
        with _translated(is_repeatable=method != "POST"):
            async with self._request(method, path, body, form, headers) as response:
                if response.status >= 400:  # noqa: PLR2004
                    self._check(response, await _bounded(response), meanings or {})
                yield events_of(response.content.iter_any(), MOST_ANSWER_BYTES)

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A websocket, for as long as the context lasts. Raises as `json` does."""
        with _translated(is_repeatable=True):
            async with self.session.ws_connect(
                self.url(path),
                headers=self._api.headers,
                max_msg_size=MOST_MESSAGE_BYTES,
                heartbeat=HEARTBEAT_SECONDS,
                # Of messages there may be none for long; whether anybody is there the heartbeat tells.
                timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=CLOSE_SECONDS),
            ) as socket:
                yield socket

    async def download(self, url: str, file: Path, kind: MediaKind) -> str:
        """Write a result to `file`; its content type, by its bytes. Raises `ProviderError`."""
        return await self._downloads.fetch(url, file, kind)

    def _request(
        self, method: str, path: str, body: Any, form: aiohttp.FormData | None, headers: Mapping[str, str] | None
    ) -> Any:
        return self.session.request(
            method,
            self.url(path),
            json=body,
            data=form,
            headers={**self._api.headers, **(headers or {})},
            allow_redirects=False,
        )

    def _check(self, response: aiohttp.ClientResponse, text: bytes, meanings: Mapping[int, str]) -> None:
        if response.status < 300:  # noqa: PLR2004
            return
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        refusal = self._api.refusal(response.status, body)
        error = failure_of_status(response.status, response.headers, meanings)
        if refusal is not None:
            refusal.retry_after = refusal.retry_after if refusal.retry_after is not None else error.retry_after
            raise refusal
        raise error


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MOST_ANSWER_BYTES:
            raise failure("provider_error", retryable=False)
    return bytes(body)


def _parsed(text: bytes) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise unreadable() from error


@contextmanager
def _translated(*, is_repeatable: bool) -> Any:
    """Failures of the connection, in the words of the port. What was not sent may be sent again."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise failure("provider_unavailable") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if not is_repeatable:
            raise AnswerLost from error
        raise failure("timeout" if isinstance(error, TimeoutError) else "provider_unavailable") from error
