"""A provider's server, played in this process, and the API that reaches it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from actors.providers.http import HttpApi

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY = {"Authorization": "Bearer the-key"}


@dataclass
class Played:
    """A server that answers as `answers` say, by path, and remembers what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)
    root: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answers[request.path](request)

    def plays(self, path: str, **answer: object) -> None:
        """Have a path answered with `web.Response(**answer)`."""

        async def respond(_request: web.Request) -> web.StreamResponse:
            return web.Response(**answer)  # type: ignore[arg-type]

        self.answers[path] = respond


async def serve(played: Played) -> TestServer:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", played.handle)
    server = TestServer(app)
    await server.start_server()
    played.root = str(server.make_url("")).rstrip("/")
    return server


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    played = Played()
    server = await serve(played)
    yield played
    await server.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Played]:
    """A server of another origin."""
    played = Played()
    server = await serve(played)
    yield played
    await server.close()


@pytest.fixture
def api(played: Played) -> HttpApi:
    return HttpApi(played.root, KEY)
