"""Services on stores that do not do what they should."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from aiohttp import web

from app.keys import OWN_STORE, STORE
from app.standalone import Standalone
from jobs.clock import Clock, system_clock
from storage.memory import MemoryStore
from storage.signing import UrlSigner
from storage.store import MediaObject, ObjectNotFound, OpenObject, StorageUnavailable


class BreakingStore(MemoryStore):
    """Its objects break in the middle of being read."""

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        opened = await super().open(path, start=start, stop=stop)
        return OpenObject(opened.object, opened.start, opened.stop, _broken(opened.chunks))


async def _broken(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield (await anext(chunks))[:100]
    raise StorageUnavailable("the disk is gone")


class BuggyStore(MemoryStore):
    """Has a mistake that nobody expects."""

    async def stat(self, path: str) -> MediaObject:
        raise KeyError(f"/srv/secret/{path}")


class AbsentStore(MemoryStore):
    """Does not answer."""

    async def check(self) -> None:
        raise StorageUnavailable("storage.internal:9000 refused the connection")

    async def stat(self, path: str) -> MediaObject:
        raise StorageUnavailable("storage.internal:9000 refused the connection")


class LosingStore(MemoryStore):
    """Does not find what was uploaded, for so many times that it is asked for."""

    losses = 0

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        if self.losses and path.startswith("incoming/"):
            self.losses -= 1
            raise ObjectNotFound(path)
        return await super().open(path, start=start, stop=stop)


class GatedStore(MemoryStore):
    """Lists what is below `gated` only once `gate` is open."""

    gated = "media/slow/"

    def __init__(self, signer: UrlSigner, *, max_total_bytes: int, clock: Clock) -> None:
        super().__init__(signer, max_total_bytes=max_total_bytes, clock=clock)
        self.gate = asyncio.Event()

    async def list(self, prefix: str) -> AsyncIterator[MediaObject]:
        if prefix.startswith(self.gated):
            await self.gate.wait()
        async for each in super().list(prefix):
            yield each


def standalone_on(kind: type[MemoryStore]) -> type[Standalone]:
    """A service that keeps its objects in a store of this kind."""

    class StandaloneOn(Standalone):
        async def store(self, app: web.Application) -> AsyncIterator[None]:
            async for _ in super().store(app):
                own = app[OWN_STORE]
                assert own is not None
                store = kind(own[1], max_total_bytes=2**30, clock=system_clock)
                app[STORE], app[OWN_STORE] = store, (store, own[1])
                yield

    return StandaloneOn
