"""A connection that was taken over is the stream's alone: the server has freed what it kept, and the bounds stay."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from app.connection import Patience
from app.reception import Reception
from app.takeover import take_over

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Taken(asyncio.Protocol):
    """What has the connection now."""

    def __init__(self) -> None:
        self.received = b""
        self.transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


@asynccontextmanager
async def server(
    taken: Taken, requests: "list[weakref.ref[web.BaseRequest]]", *, is_watched: bool
) -> AsyncIterator[tuple[int, web.Server]]:
    """An HTTP server whose one handler gives its connection away."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        requests.append(weakref.ref(request))
        response = web.StreamResponse()
        await response.prepare(request)
        taken.transport = take_over(request, taken)
        return response

    make = web.Server(handle, handler_cancellation=True)
    reception = Reception(Patience(60, 60), 10, CollectorRegistry())
    factory: Callable[[], asyncio.Protocol] = (lambda: reception.watched(make())) if is_watched else make
    serving = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    yield serving.sockets[0].getsockname()[1], make
    serving.close()
    await make.shutdown(1)


@pytest.mark.parametrize("is_watched", [True, False])
async def test_a_connection_taken_over_is_written_to_read_from_and_lost_by_its_new_owner(is_watched: object) -> None:
    taken, requests = Taken(), list["weakref.ref[web.BaseRequest]"]()
    async with server(taken, requests, is_watched=bool(is_watched)) as (port, make), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD)
        head = await reader.readuntil(b"\r\n\r\n")
        assert taken.transport is not None

        taken.transport.write(b"1\r\nx\r\n")
        told = await reader.readexactly(6)
        writer.write(HEAD)
        await writer.drain()
        writer.close()
        await taken.lost.wait()

        assert head.startswith(b"HTTP/1.1 200")
        assert told == b"1\r\nx\r\n"
        assert taken.received == HEAD
        assert make.connections == []


async def test_nothing_of_the_request_is_kept() -> None:
    taken, requests = Taken(), list["weakref.ref[web.BaseRequest]"]()
    async with server(taken, requests, is_watched=True) as (port, _), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0)

        gc.collect()

        assert [request() for request in requests] == [None]
        assert taken.transport is not None
        assert not taken.transport.is_closing()
        writer.close()
        await taken.lost.wait()
