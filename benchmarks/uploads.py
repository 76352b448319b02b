"""What uploads cost a real service, in time and memory: many at once, and bombs beside ordinary requests.

python -m benchmarks.uploads many 50 20     # 50 uploads of 20 MiB at the same time
python -m benchmarks.uploads bombs          # hostile files; how quickly the service answers meanwhile
"""

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from PIL import Image

from tests.acceptance.client import Client
from tests.acceptance.process import served
from tests.acceptance.test_media_bounds import BOMBS, resident_mebibytes, watched
from tests.acceptance.uploading import PNG, digest, opened, refused, uploaded
from tests.acceptance.uploading import served as shown
from tests.unit.actors.processing.samples import image

SECONDS = 600.0


def noise(mebibytes: int) -> bytes:
    """A picture that does not compress, of about so many MiB; its last row is black, for a mark."""
    pixels = np.random.default_rng(7).integers(0, 256, (mebibytes * 2**20 // 3 // 2048, 2048, 3), np.uint8)
    pixels[-1] = 0
    return image(PNG, Image.fromarray(pixels), compress_level=0)


def marked(picture: bytes, number: int) -> bytes:
    """The same picture, one that only `number` has: PNG without compression is written anew in no time."""
    source = Image.open(BytesIO(picture))
    source.putpixel((0, source.height - 1), (number, 255 - number, 7))
    return image(PNG, source, compress_level=0)


async def bring(client: Client, number: int, body: bytes) -> tuple[int, object]:
    """One upload to its end; its number and its item."""
    upload = await opened(client, PNG, f"{number}.png", size=len(body))
    ending = await upload.finish(body)
    if ending.name != "upload_complete":
        return number, ending.data
    return number, (await client.get(f"/{upload.path}")).json


async def is_right(client: Client, number: int, item: object) -> bool:
    """Whether what is served under a number's item is that number's picture."""
    if not isinstance(item, dict) or "url" not in item:
        return False
    kept = (await shown(client, item["url"])).body
    source = Image.open(BytesIO(kept))
    mark = source.convert("RGB").getpixel((0, source.height - 1))
    return digest(kept) == item["sha256"] and mark == (number, 255 - number, 7) and len(kept) == item["size"]


async def many(count: int, mebibytes: int) -> None:
    """Upload so many pictures at once, and see that none was mixed up."""
    picture = noise(mebibytes)
    bodies = [marked(picture, number) for number in range(count)]
    with tempfile.TemporaryDirectory() as directory:
        settings = {"storage_memory_bytes": 4 * 2**30, "max_image_bytes": 2**30, "max_streams_per_user": 1000}
        async with (
            served(Path(directory), **settings) as (process, service),
            ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(SECONDS)) as patient,
        ):
            client, other = replace(service, session=patient).client(), service.client()
            await uploaded(client)
            before = resident_mebibytes(process.pid)
            begun = time.perf_counter()
            with watched(other, process.pid) as (seconds, memory):
                items = await asyncio.gather(*(bring(client, number, body) for number, body in enumerate(bodies)))
            took = time.perf_counter() - begun
            right = [await is_right(client, number, item) for number, item in items]
            show(seconds, memory, before, took)
            stored = sum(map(len, bodies)) / 2**20
            row = {
                "uploads": count,
                "right": sum(right),
                "mib": round(stored),
                "mib_per_second": round(stored / took, 1),
                "grown_beside_mib": round(max(memory) - before - stored),
            }
            say(json.dumps(row))


async def bombs() -> None:
    """Send every bomb at once."""
    files = {name: (content_type, make()) for name, (content_type, make) in BOMBS.items()}
    with tempfile.TemporaryDirectory() as directory:
        async with served(Path(directory)) as (process, service):
            client, other = service.client(), service.client()
            await uploaded(client)
            before = resident_mebibytes(process.pid)
            begun = time.perf_counter()
            with watched(other, process.pid) as (seconds, memory):
                codes = await asyncio.gather(*(refused(client, *each) for each in files.values()))
            show(seconds, memory, before, time.perf_counter() - begun)
            say(f"{dict(zip(files, codes, strict=True))}")


def show(seconds: list[float], memory: list[float], before: float, took: float) -> None:
    """The figures of a run."""
    ordered = sorted(seconds)
    p50, p99 = (1000 * ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
    say(f"{took:.1f} s; resident: {before:.0f} MiB before, {max(memory):.0f} MiB at most")
    say(f"{len(ordered)} small requests: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {1000 * ordered[-1]:.0f} ms")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # what a benchmark is for


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["many", count, mebibytes]:
            asyncio.run(many(int(count), int(mebibytes)))
        case ["bombs"]:
            asyncio.run(bombs())
        case _:
            sys.exit(__doc__)
