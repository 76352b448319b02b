"""A large object up and down again, in a process of its own: how much its memory grows by it, in one line of JSON."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from schema.settings import Settings
from storage.gcs import GCSStore
from storage.opening import open_store
from tests.clock import ManualClock

MEBIBYTE = 2**20
PATH = "media/alice/videos/large.mp4"
WARM_UP_MEBIBYTES = 1


async def body(mebibytes: int, piece_bytes: int) -> AsyncGenerator[bytes, None]:
    """So many bytes, of which no two pieces are the same object."""
    for number in range(mebibytes * MEBIBYTE // piece_bytes):
        yield number.to_bytes(8, "big") * (piece_bytes // 8)


async def up(store: GCSStore, mebibytes: int) -> None:
    made = await store.upload(PATH, body(mebibytes, MEBIBYTE // 4), "video/mp4")
    assert made.size == mebibytes * MEBIBYTE


async def down(store: GCSStore, mebibytes: int) -> None:
    size = 0
    async for chunk in (await store.open(PATH)).chunks:
        size += len(chunk)
    assert size == mebibytes * MEBIBYTE


async def main(mebibytes: int) -> None:
    settings = Settings.from_environment(os.environ)
    async with open_store(settings, "http://media.test/storage", ManualClock()) as (store, _):
        assert isinstance(store, GCSStore)
        figures = {}
        for direction in (up, down):
            await direction(store, WARM_UP_MEBIBYTES)
        for direction in (up, down):
            forget_peak()
            before, begun = resident("VmRSS"), time.monotonic()
            await direction(store, mebibytes)
            figures[direction.__name__] = {
                "growth": (resident("VmHWM") - before) / MEBIBYTE,
                "seconds": time.monotonic() - begun,
            }
    print(json.dumps(figures))  # noqa: T201  # for whoever started it


def forget_peak() -> None:
    """Let `VmHWM` begin anew (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def resident(field: str) -> int:
    """Resident memory in bytes: now (VmRSS), or at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
