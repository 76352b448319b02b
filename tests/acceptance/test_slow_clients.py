"""Slow and hostile connections: each is bounded, and nobody else feels it. benchmarks/hostile.py does it in earnest."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.keys import OWN_STORE
from tests.acceptance.client import Client
from tests.acceptance.process import served
from tests.acceptance.service import Hosted, in_process
from tests.acceptance.test_media_bounds import resident_mebibytes
from tests.acceptance.test_stream_limits import metric
from tests.acceptance.uploading import PNG, opened

PATIENT = 30.0
"""Seconds until a test gives up; what it waits for comes in a fraction of one."""
SMALL_BUFFER = 4096
BIG = 8 * 2**20

Connected = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(client: Client) -> AsyncIterator[Connected]:
    """A bare connection whose kernel takes little that nobody reads."""
    url = client.url("/")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=SMALL_BUFFER)
    try:
        yield reader, writer
    finally:
        writer.close()


def head(client: Client, first: str, *lines: str) -> bytes:
    fixed = (first, "Host: localhost", f"Authorization: {client.authorization['Authorization']}")
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Everything until the service ends the connection."""
    async with asyncio.timeout(PATIENT):
        received = b""
        try:
            while chunk := await reader.read(65536):
                received += chunk
        except ConnectionResetError:
            pass
        return received


async def test_half_a_head_is_answered_408_and_the_connection_ends(tmp_path: Path) -> None:
    async with in_process(tmp_path, head_seconds=0.1) as service, connected(service.client()) as (reader, writer):
        writer.write(b"GET /jobs HTTP/1.1\r\nHost: x\r\nX-Slow: ")

        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")
        assert await metric(service.client(), 'media_connections_cut_total{reason="head_time"}') == 1


async def test_who_connects_and_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    async with in_process(tmp_path, head_seconds=0.1) as service, connected(service.client()) as (reader, _):
        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")


async def test_a_head_of_many_fields_is_cut_short(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service, connected(service.client()) as (reader, writer):
        writer.write(b"GET /jobs HTTP/1.1\r\nHost: x\r\n")
        for number in range(100):
            writer.write(b"X-%d: " % number + b"x" * 1000 + b"\r\n")

        assert (await rest(reader)).startswith(b"HTTP/1.1 431 ")


async def test_an_idle_connection_is_kept_for_the_next_request_and_no_longer(tmp_path: Path) -> None:
    async with in_process(tmp_path, keep_alive_seconds=0.3) as service, connected(service.client()) as (reader, writer):
        client = service.client()
        for _ in range(2):
            writer.write(head(client, "GET /healthz HTTP/1.1"))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            await reader.readuntil(b"}")

        assert await rest(reader) == b""


async def test_a_body_that_comes_byte_by_byte_is_a_problem(tmp_path: Path) -> None:
    async with in_process(tmp_path, body_seconds=0.2) as service, connected(service.client()) as (reader, writer):
        lines = ("Content-Type: application/json", "Content-Length: 100")
        writer.write(head(service.client(), "POST /generate/image HTTP/1.1", *lines) + b'{"')

        answer = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readuntil(b"}")

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert json.loads(body)["code"] == "request_timeout"


async def test_an_upload_may_take_longer_than_any_bound_as_long_as_it_goes_on(tmp_path: Path) -> None:
    seconds, pieces = 1.2, 6
    piece = b"x" * int(256 * seconds)
    async with in_process(tmp_path, body_seconds=seconds, head_seconds=seconds) as service:
        client = service.client()
        upload = await opened(client, PNG, "slow.png", size=pieces * len(piece))
        begun = time.monotonic()

        async def slowly() -> AsyncIterator[bytes]:
            for number in range(pieces):
                while time.monotonic() < begun + number * seconds / 4:
                    assert (await client.get("/healthz")).status == 200
                yield piece

        headers = {**upload.headers, "Content-Length": str(pieces * len(piece))}
        async with client.session.put(client.url(upload.url), data=slowly(), headers=headers) as answer:
            assert answer.status == 200
        assert time.monotonic() - begun > seconds


async def signed_object(service: Hosted) -> str:
    """Where something big can be read."""
    own = service.app[OWN_STORE]
    assert own is not None

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BIG // 2**16):
            yield b"x" * 2**16

    await service.store.upload("media/x/big", chunks(), "video/mp4")
    return await service.store.get_url("media/x/big", expires_in=600)


async def test_a_download_that_nobody_reads_is_cut_off(tmp_path: Path) -> None:
    async with in_process(tmp_path, write_seconds=0.2) as service, connected(service.client()) as (reader, writer):
        client = service.client()
        target = client.url(await signed_object(service)).raw_path_qs
        writer.write(head(client, f"GET {target} HTTP/1.1"))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket it can be read from

        async with asyncio.timeout(PATIENT):
            while not await metric(client, 'media_connections_cut_total{reason="write"}'):
                pass
        writer.transport.resume_reading()  # type: ignore[attr-defined]

        assert len(await rest(reader)) < BIG / 4


async def test_connections_beyond_the_bound_take_the_place_of_idle_ones(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_connections=3) as service, connected(service.client()) as (idle, _):
        client = service.client()
        async with client.stream() as one, client.stream() as two:
            await one.next()
            await two.next()

            answer = await client.get("/healthz")
            received = await rest(idle)

        assert answer.status == 200
        assert received == b""


async def test_many_slow_clients_and_many_that_never_read_keep_nobody_waiting(tmp_path: Path) -> None:
    async with served(tmp_path, max_streams_per_user=50) as (process, service):
        client, other = service.client(), service.client()
        item = await client.picture()
        target = client.url((await client.get(item["url"])).headers["Location"]).raw_path_qs
        before = resident_mebibytes(process.pid)
        requests = [b"GET /jobs HT", *(head(client, f"GET {each} HTTP/1.1") for each in ("/events", target))] * 40
        connections = await asyncio.gather(*(opened_raw(client) for _ in requests))
        for (_, writer), request in zip(connections, requests, strict=True):
            writer.write(request)

        begun = time.monotonic()
        statuses = [(await other.get(path)).status for path in ("/healthz", "/jobs", "/media") for _ in range(20)]
        took = time.monotonic() - begun

        for _, writer in connections:
            writer.transport.abort()
        assert set(statuses) == {200}
        assert took < PATIENT
        assert resident_mebibytes(process.pid) - before < 100


async def opened_raw(client: Client) -> Connected:
    url = client.url("/")
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=SMALL_BUFFER)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket it can be read from
    return reader, writer
