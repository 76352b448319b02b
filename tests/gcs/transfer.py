"""Large objects up and down again, in a process of its own: how much its memory grows by it, in one line of JSON.

`python -m tests.gcs.transfer 200` takes one of 200 MiB; `… 20 100` sends a hundred of 20 MiB at once.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path

from schema.settings import Settings
from storage.gcs import GCSStore
from storage.opening import WORK_SECONDS, open_store
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


async def crowd(store: GCSStore, mebibytes: int, count: int) -> None:
    """So many uploads at once."""
    bodies = [body(mebibytes, MEBIBYTE // 4) for _ in range(count)]
    await asyncio.gather(*(store.upload(f"{PATH}{n}", each, "video/mp4") for n, each in enumerate(bodies)))


async def measured(work: Awaitable[None]) -> dict[str, float]:
    """What it costs."""
    forget_peak()
    before, begun = resident("VmRSS"), time.monotonic()
    await work
    return {"growth": (resident("VmHWM") - before) / MEBIBYTE, "seconds": time.monotonic() - begun}


async def main(mebibytes: int, count: int) -> None:
    settings = Settings.from_environment(os.environ)
    async with open_store(settings, "http://media.test/storage", ManualClock(), patience_seconds=WORK_SECONDS) as (
        store,
        _,
    ):
        assert isinstance(store, GCSStore)
        await up(store, WARM_UP_MEBIBYTES)
        await down(store, WARM_UP_MEBIBYTES)
        if count > 1:
            figures = {"crowd": await measured(crowd(store, mebibytes, count))}
        else:
            figures = {"up": await measured(up(store, mebibytes)), "down": await measured(down(store, mebibytes))}
    print(json.dumps(figures))  # noqa: T201  # for whoever started it


def forget_peak() -> None:
    """Let `VmHWM` begin anew (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def resident(field: str) -> int:
    """Resident memory in bytes: now (VmRSS), or at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
