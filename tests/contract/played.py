"""What the played servers of providers share: the scenes that were ordered, and what was seen of the client."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.contract.remote_providers import KEY

SAMPLES = Path(__file__).parents[1] / "unit/actors/providers/samples"


class Played:
    """Scenes one after the other. Implements what is common of `PlayedServer`; `handle` is the API."""

    def __init__(self) -> None:
        self.scenes: deque[str] = deque()
        self.submits = 0
        self.inputs: list[bytes] = []
        self.taken = asyncio.Event()
        self.freed = asyncio.Event()
        self.root = ""

    def plays(self, *scenes: str) -> None:
        self.scenes.extend(scenes)

    def next_scene(self) -> str:
        return self.scenes.popleft() if self.scenes else ""

    def take(self) -> None:
        """From here on it costs something."""
        self.submits += 1
        self.taken.set()

    async def never(self) -> None:
        """Work until the client goes away."""
        try:
            await asyncio.Event().wait()
        finally:
            self.freed.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError


@asynccontextmanager
async def listening(played: Played) -> AsyncIterator[None]:
    """The server at `played.root`."""
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{tail:.*}", played.handle)
    server = TestServer(app)
    await server.start_server()
    played.root = str(server.make_url("")).rstrip("/")
    yield
    await server.close()


def hang_up(request: web.Request) -> web.Response:
    """End the connection without an answer, or in the middle of one."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def is_ours(authorization: str | None) -> bool:
    return authorization is not None and authorization.endswith(KEY)
