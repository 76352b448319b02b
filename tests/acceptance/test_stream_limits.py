"""The bounds of event streams: signs of life, their longest age, how many, and clients that do not read."""

import asyncio
import socket
import time
from pathlib import Path

from aiohttp import web

from app.keys import JOBS
from jobs.eventlog import JobMoment, frame_of
from tests.acceptance.client import Client
from tests.acceptance.service import Hosted, in_process
from tests.acceptance.sse import Parser

BUFFER_BYTES = 16 * 1024
KERNEL_BYTES = 64 * 1024
FRAME_BYTES = 4000
FRAMES = 1000


async def tell(service: Hosted, owner: str, number: int, size: int = FRAME_BYTES) -> None:
    """An event of the owner's, told as workers tell theirs."""
    frame = frame_of("media_deleted", f'{{"path":"{number:0{size}}"}}')
    await service.app[JOBS].log.append(owner, f"subject-{number}", None, frame, JobMoment(number=1))


async def raw_stream(
    client: Client, version: str, receive_bytes: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream on a bare connection; with `receive_bytes` its kernel takes no more than about twice that unread."""
    url = client.url("/events")
    sock = socket.socket()
    if receive_bytes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=BUFFER_BYTES)
    authorization = client.authorization["Authorization"]
    writer.write(
        f"GET /events HTTP/{version}\r\nHost: {url.authority}\r\nAuthorization: {authorization}\r\n\r\n".encode()
    )
    return reader, writer


async def metric(client: Client, name: str) -> float:
    text = (await client.send("GET", str(client.url("/metrics")))).body.decode()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} "))


async def test_an_idle_stream_gives_signs_of_life(tmp_path: Path) -> None:
    async with in_process(tmp_path, heartbeat_seconds=0.02) as service, service.client().stream() as stream:
        await stream.next()

        while stream.parser.comments < 3:
            assert await stream.read()


async def test_a_stream_ends_when_its_token_does(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        begun = time.time()
        client = service.client(exp=begun + 0.5)

        async with client.stream() as stream:
            events = await stream.rest()

        assert [event.name for event in events] == ["snapshot"]
        assert time.time() >= begun + 0.5


async def test_a_stream_ends_at_its_longest_age_and_goes_on_in_the_next(tmp_path: Path) -> None:
    async with in_process(tmp_path, stream_seconds=0.2) as service:
        client = service.client()
        async with client.stream() as stream:
            await stream.rest()

        job_id = await client.generate()
        async with client.stream(last_event_id=stream.last_event_id) as stream:
            assert (await stream.next()).data["jobId"] == job_id


async def test_a_user_has_so_many_streams_and_no_more(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_streams_per_user=2) as service:
        alice, bob = service.client(), service.client()
        async with alice.stream() as one, alice.stream() as two:
            await one.next()
            await two.next()

            third = await alice.get("/events")
            async with bob.stream() as other:
                assert (await other.next()).name == "snapshot"

        assert (third.status, third.json["code"], third.json["retryable"]) == (429, "rate_limited", True)
        assert int(third.headers["Retry-After"]) > 0


async def test_a_stream_that_was_left_makes_room(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_streams_per_user=1) as service:
        client = service.client()
        for _ in range(20):
            async with client.stream(expected=(200, 429)) as stream:
                while stream.status == 429:
                    # The service learns of the end of a connection in its own time.
                    await stream.response.read()
                    stream.response = await client.session.get(client.url("/events"), headers=client.authorization)
                assert (await stream.next()).name == "snapshot"


async def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(tmp_path: Path) -> None:
    async with in_process(tmp_path, stream_buffer_bytes=BUFFER_BYTES) as service:
        alice = service.client()
        reader, writer = await raw_stream(alice, "1.1", receive_bytes=4096)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket it can be read from
        async with alice.stream() as stream:
            await stream.until("snapshot")

            for number in range(FRAMES):
                await tell(service, alice.user, number)
                assert (await stream.next()).data["path"] == f"{number:0{FRAME_BYTES}}"

        assert await metric(alice, "media_slow_clients_total") == 1
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        received = await drained(reader)
        writer.close()
        assert received < FRAMES * FRAME_BYTES / 4


async def drained(reader: asyncio.StreamReader) -> int:
    """How many bytes are still to be had before the connection turns out to be cut."""
    count = 0
    try:
        while chunk := await reader.read(65536):
            count += len(chunk)
    except ConnectionResetError:
        pass
    return count


async def test_a_client_that_was_dropped_resumes_without_a_gap(tmp_path: Path) -> None:
    async with in_process(tmp_path, stream_buffer_bytes=BUFFER_BYTES) as service:
        alice = service.client()
        async with alice.stream() as stream:
            begin = (await stream.next()).id
        for number in range(FRAMES):
            await tell(service, alice.user, number, size=200)

        async with alice.stream(last_event_id=begin) as stream:
            numbers = [int((await stream.next()).data["path"]) for _ in range(FRAMES)]

        assert numbers == list(range(FRAMES))


async def test_an_http_1_0_client_gets_the_stream_unchunked(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        reader, writer = await raw_stream(alice, "1.0")
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        job_id = await alice.generate()

        parser, names = Parser(), list[str]()
        while "generation_complete" not in names:
            names += [event.name for event in parser.feed(await reader.read(1000))]
        writer.close()

        assert head.startswith(b"http/1.0 200")
        assert b"transfer-encoding" not in head
        assert names[:2] == ["snapshot", "generation_queued"]
        assert (await alice.job(job_id))["status"] == "succeeded"


async def test_a_stream_ends_at_once_when_the_service_stops(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        client = service.client()
        async with client.stream() as stream:
            await stream.next()
            closing = asyncio.create_task(end(service.app))

            assert await stream.rest() == []
            await closing
        refused = await client.get("/events")

    assert (refused.status, refused.json["code"]) == (503, "draining")
    assert "Retry-After" in refused.headers


async def end(app: web.Application) -> None:
    for step in app.on_shutdown:
        await step(app)
