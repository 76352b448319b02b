"""What slow and hostile clients cost everybody else: how quickly a real service answers meanwhile, and its memory.

python -m benchmarks.hostile [SECONDS]      # 200 clients of a byte a second and 500 that never read; 40 seconds

Who is cut off comes back at once; who does not read can't know, and comes back after a while.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.uploads import noise, say
from tests.acceptance.client import Client
from tests.acceptance.process import Process, served
from tests.acceptance.service import Service
from tests.acceptance.test_media_bounds import resident_mebibytes
from tests.acceptance.uploading import PNG, opened

SLOW_HEADS = 100
SLOW_BODIES = 100
DEAF_STREAMS = 250
DEAF_DOWNLOADS = 250
STREAMS_PER_USER = 25
PATHS = ("/healthz", "/jobs", "/media", "/models")
FILE_MEBIBYTES = 20
DEAF_SECONDS = 65
PROMISED_MILLISECONDS = 100

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@dataclass
class Tally:
    """How often clients of each kind connected."""

    begun: Counter[str] = field(default_factory=Counter)


def head(client: Client, first: str, *lines: str) -> bytes:
    fixed = (first, "Host: localhost", f"Authorization: {client.authorization['Authorization']}")
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def dripping(at_once: bytes, bytewise: bytes) -> Behaviour:
    """A client that sends a byte a second."""

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(at_once)
        for byte in cycle(bytewise):
            if writer.transport.is_closing():
                return
            writer.write(bytes([byte]))
            await asyncio.sleep(1)

    return behave


def deaf(request: bytes) -> Behaviour:
    """A client that asks and reads nothing of the answer."""

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket it can be read from
        writer.write(request)
        await asyncio.sleep(DEAF_SECONDS)

    return behave


async def hostile(client: Client, name: str, behave: Behaviour, tally: Tally) -> None:
    """One such client, which comes back whenever its connection ends."""
    url = client.url("/")
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(url.host, url.port, limit=4096)
            tally.begun[name] += 1
            try:
                await behave(reader, writer)
            finally:
                writer.transport.abort()
        await asyncio.sleep(0.1)


@asynccontextmanager
async def beleaguered(service: Service, target: str, tally: Tally) -> AsyncIterator[None]:
    """All the hostile clients, for as long as the context lasts."""
    users = [service.client() for _ in range(DEAF_STREAMS // STREAMS_PER_USER)]
    body = head(users[0], "POST /generate/image HTTP/1.1", "Content-Type: application/json", "Content-Length: 100000")
    kinds = {
        "slow heads": (SLOW_HEADS, dripping(b"GET /jobs HTTP/1.1\r\nHost: x\r\nX: ", b"slow")),
        "slow bodies": (SLOW_BODIES, dripping(body, b" ")),
        "unread downloads": (DEAF_DOWNLOADS, deaf(head(users[0], f"GET {target} HTTP/1.1"))),
    }
    work = [hostile(users[0], name, behave, tally) for name, (count, behave) in kinds.items() for _ in range(count)]
    for user in users:
        behave = deaf(head(user, "GET /events HTTP/1.1"))
        work += [hostile(user, "unread streams", behave, tally) for _ in range(STREAMS_PER_USER)]
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def asked(client: Client, process: Process, seconds: float) -> tuple[list[float], float]:
    """The milliseconds of each of the requests of one who means well, and the most memory (MiB)."""
    taken: list[float] = []
    memory = 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for path in PATHS:
            begun = time.perf_counter()
            answer = await client.get(path)
            taken.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200:  # noqa: PLR2004  # HTTP's
                raise RuntimeError(answer.body)
        memory = max(memory, resident_mebibytes(process.pid))
        await asyncio.sleep(0.02)
    return taken, memory


async def main(seconds: float) -> int:
    """The exit status: 0 when others were served as promised."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as directory:
        async with served(Path(directory)) as (process, service):
            client, other = service.client(), service.client()
            picture = noise(FILE_MEBIBYTES)
            upload = await opened(client, PNG, "big.png", size=len(picture))
            await upload.finish(picture)
            item = (await client.get(f"/{upload.path}")).json
            target = client.url((await client.get(item["url"])).headers["Location"]).raw_path_qs
            quiet, before = await asked(other, process, 5)
            show("quiet", quiet, before)
            async with beleaguered(service, target, tally):
                await asyncio.sleep(2)
                taken, most = await asked(other, process, seconds)
            show("beleaguered", taken, most)
            say(f"memory: {most - before:.0f} MiB more; connections begun: {dict(tally.begun)}")
            metrics = (await other.get("/metrics")).body.decode().splitlines()
            say("\n".join(line for line in metrics if line.startswith(("media_connections", "media_streams_open"))))
            return 0 if percentile(taken, 0.99) < PROMISED_MILLISECONDS else 1


def percentile(taken: list[float], part: float) -> float:
    return sorted(taken)[int(len(taken) * part)]


def show(name: str, taken: list[float], memory: float) -> None:
    p50, p99 = percentile(taken, 0.5), percentile(taken, 0.99)
    say(f"{name}: {len(taken)} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {max(taken):.0f} ms; {memory:.0f} MiB")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 40)))
