"""One upload session of a memory store, with its requests in the test's hand."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from storage.memory import MemoryStore
from storage.resumable import PutHeaders, SessionState
from storage.signing import (
    SessionGrant,
    UrlSigner,
    session_id_of,
)
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.store import PresignedUpload
from tests.clock import ManualClock
from tests.contract.store_kit import stream

PATH = "media/alice/0192/cat.mp4"
LIMIT = 64 * GRANULE
BODY = bytes(range(251)) * (3 * GRANULE // 251 + 1)  # three granules and some bytes


@dataclass
class Line:
    """The chunks of a request under way: the test hands them over one by one, and sees them taken."""

    _chunks: asyncio.Queue[bytes | Exception | None] = field(default_factory=asyncio.Queue)

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        while (chunk := await self._next()) is not None:
            yield chunk

    async def _next(self) -> bytes | None:
        chunk = await self._chunks.get()
        self._chunks.task_done()
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    async def send(self, chunk: bytes | Exception | None) -> None:
        """Hand a chunk over and wait until the receiver has it; None ends the request."""
        self._chunks.put_nowait(chunk)
        await self._chunks.join()
        await asyncio.sleep(0)


@dataclass
class Bench:
    """One session of one store."""

    store: MemoryStore
    clock: ManualClock
    session: PresignedUpload
    told: list[tuple[int, int | None]] = field(default_factory=list)

    async def put(
        self, *chunks: bytes, at: int | None = None, total: int | str = "*", kind: str | None = None
    ) -> SessionState:
        """Send chunks: as the whole without Content-Range, or as a chunk that begins `at`."""
        size = sum(map(len, chunks))
        content_range = None if at is None else f"bytes {at}-{at + size - 1}/{total}"
        return await self.send(stream(*chunks), content_range, kind)

    async def ask(self, total: int | str = "*") -> SessionState:
        return await self.send(stream(), f"bytes */{total}")

    async def send(
        self, chunks: AsyncGenerator[bytes, None], content_range: str | None = None, kind: str | None = None
    ) -> SessionState:
        headers = PutHeaders(content_range, None, kind)
        return await self.store.put_session(
            self.grant, headers, chunks, lambda committed, total: self.told.append((committed, total))
        )

    def begin(self, content_range: str | None = None) -> tuple[Line, asyncio.Task[SessionState]]:
        """A request that goes on for as long as the test wants."""
        line = Line()
        return line, asyncio.create_task(self.send(line(), content_range))

    @property
    def grant(self) -> SessionGrant:
        return SessionGrant(PATH, session_id_of(self.session.url) or "")


async def make_bench(limit: int = LIMIT, **overrides: Any) -> Bench:
    clock = ManualClock()
    store = MemoryStore(UrlSigner(b"k" * 32, "http://store.test/storage", clock), max_total_bytes=limit, clock=clock)
    return Bench(store, clock, await start(store, **overrides))


async def start(store: MemoryStore, **overrides: Any) -> PresignedUpload:
    values = {"min_bytes": 1, "max_bytes": LIMIT, "expires_in": 900}
    return await store.start_resumable(PATH, "video/mp4", **(values | overrides))
