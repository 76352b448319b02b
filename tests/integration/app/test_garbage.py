"""Requests and streams are freed as soon as they are over: what is kept out of collections must not need them."""

import contextlib
import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry

from app.application import make_app
from app.main import listen, web_process
from app.server import serving
from jobs.clock import system_clock
from jobs.tracing import NO_TRACING
from jobs.urls import Urls
from schema.settings import Settings
from tests.acceptance.client import SECRET, token_of

TIMES = 20


@pytest.fixture
async def base(tmp_path: Path) -> AsyncIterator[str]:
    """A web process with everything in it, in this one."""
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path), "PORT": "0", "AUTH_SECRET": SECRET})
    with contextlib.closing(listen(settings)) as sock:
        urls, metrics = Urls(f"http://127.0.0.1:{sock.getsockname()[1]}", ""), CollectorRegistry()
        process = web_process(settings, urls, metrics, NO_TRACING, lambda: None)
        app = make_app(
            settings,
            urls=urls,
            clock=system_clock,
            metrics=metrics,
            contexts=process.contexts(),
            tracing=NO_TRACING,
        )
        async with serving(app, sock, settings, shutdown_seconds=1):
            yield urls.root


@contextlib.contextmanager
def collected() -> Iterator[list[Any]]:
    """What only a collection could free of what came to be in the context."""
    gc.collect()
    found: list[Any] = []
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def is_ours(each: object) -> bool:
    """Whether it is a request or a stream, or what belongs to one.

    An unknown route is an object of aiohttp's for each request, in a circle with its error, and holds nothing more.
    """
    is_answer = isinstance(each, web.StreamResponse) and not isinstance(each, web.HTTPException)
    return is_answer or isinstance(each, web.BaseRequest) or type(each).__module__.startswith("app.")


async def stream(session: ClientSession, base: str, user: str) -> None:
    """Open a stream, hear that it is there, and leave."""
    async with session.get(f"{base}/events", headers={"Authorization": f"Bearer {token_of(user)}"}) as answer:
        await answer.content.readline()


async def ask(session: ClientSession, url: str) -> None:
    async with session.get(url, headers={"Authorization": f"Bearer {token_of('alice')}"}) as answer:
        await answer.read()


@pytest.mark.parametrize("path", ["/jobs", "/media", "/jobs/unknown", "/nowhere"])
async def test_a_request_that_is_over_waits_for_no_collection(base: str, path: str) -> None:
    async with ClientSession() as session:
        await ask(session, base + path)
        with collected() as garbage:
            for _ in range(TIMES):
                await ask(session, base + path)

    assert [each for each in garbage if is_ours(each)] == []


async def test_a_stream_that_is_over_waits_for_no_collection(base: str) -> None:
    async with ClientSession() as session:
        await stream(session, base, "first")
        with collected() as garbage:
            for number in range(TIMES):
                await stream(session, base, f"user-{number}")
            # The server learns of a client's leaving from the loop.
            await stream(session, base, "last")

    assert [each for each in garbage if is_ours(each)] == []
