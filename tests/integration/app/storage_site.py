"""The real application with nothing but its own store, on a port, and an HTTP client of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry
from yarl import URL

from app.application import make_app
from app.keys import OWN_STORE, STORED_HOOK
from jobs.urls import Urls
from schema.settings import Settings
from storage.memory import MemoryStore
from storage.signing import UrlSigner
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.store import PresignedUpload
from tests.clock import ManualClock
from tests.contract.session_client import SIZE, Uploader, start
from tests.contract.store_kit import Answer

ORIGIN = "https://page.test"
LIMIT = 16 * GRANULE


@dataclass
class Progress:
    """Keeps what the hook was told, and lets a test wait for it."""

    told: list[tuple[str, int, int | None]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, path: str, committed: int, total: int | None) -> None:
        self.told.append((path, committed, total))
        self._news.set()

    async def next(self) -> None:
        await self._news.wait()
        self._news.clear()


@dataclass(frozen=True)
class Site:
    """The application on a port, and a client of it."""

    store: MemoryStore
    clock: ManualClock
    host: str
    port: int
    http: aiohttp.ClientSession

    def here(self, url: str) -> URL:
        """A signed URL, at the port where the application is."""
        return URL(url, encoded=True).with_scheme("http").with_host(self.host).with_port(self.port)

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        async with self.http.request(
            method,
            self.here(url),
            headers=headers,
            data=body,
            allow_redirects=False,
            skip_auto_headers=[hdrs.CONTENT_TYPE],
        ) as answer:
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, lowered, await answer.read())

    async def client(self, **overrides: Any) -> Uploader:
        return Uploader(self.send, await start(self.store, **overrides))

    async def break_in(self, session: PresignedUpload, sent: bytes, announced: int = SIZE) -> "Broken":
        """Begin a PUT of the whole by hand, and send no more than `sent` of it."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        head = f"PUT {self.here(session.url).raw_path_qs} HTTP/1.1\r\nHost: test\r\nContent-Length: {announced}\r\n\r\n"
        writer.write(head.encode() + sent)
        await writer.drain()
        return Broken(reader, writer)


@dataclass(frozen=True)
class Broken:
    """A connection on which a request is under way."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def status(self) -> int:
        return int((await self.reader.readline()).split()[1])

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@asynccontextmanager
async def open_site(
    *, clock: ManualClock | None = None, hook: Progress | None = None, cancels: bool = True, limit: int = LIMIT
) -> AsyncIterator[Site]:
    """The real application with nothing but its own store; `cancels` as `serve` has it, or not as aiohttp does."""
    clock = clock or ManualClock()
    urls = Urls("http://media.test")
    signer = UrlSigner(b"k" * 32, f"{urls.root}/storage", clock)
    store = MemoryStore(signer, max_total_bytes=limit, clock=clock)

    async def resources(app: web.Application) -> AsyncIterator[None]:
        app[OWN_STORE] = (store, signer)
        if hook is not None:
            app[STORED_HOOK] = hook.tell
        yield

    settings = Settings(cors_origins=(ORIGIN,))
    app = make_app(settings, urls=urls, clock=clock, metrics=CollectorRegistry(), contexts=(resources,))
    runner = web.AppRunner(app, handler_cancellation=cancels, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as http:
            host, port = runner.addresses[0]
            yield Site(store, clock, host, port, http)
    finally:
        await runner.cleanup()
