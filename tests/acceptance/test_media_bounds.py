"""Files that claim or hold more than anybody needs: refused in a child, while the service stays small and quick."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.client import Client
from tests.acceptance.process import served
from tests.acceptance.uploading import refused, uploaded
from tests.unit.actors.processing.samples import claiming_mp4, gif, huge_png, png, png_chunk, zeros

MEBIBYTE = 2**20
GROWTH_MEBIBYTES = 200
PATIENCE_SECONDS = 1.0  # generous: other tests may share the processors; benchmarks/uploads.py has the real figures
PINGS_TOGETHER = ("/healthz", "/jobs")

BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "30,000 x 30,000 pixels": ("image/png", huge_png),
    "100,000 frames": ("image/gif", lambda: gif(100_000)),
    "text of 100 MiB": ("image/png", lambda: png(8, 8, png_chunk(b"zTXt", b"Comment\0\0" + zeros(100)))),
    "a profile of 100 MiB": ("image/png", lambda: png(8, 8, png_chunk(b"iCCP", b"icc\0\0" + zeros(100)))),
    "pixels of 100 MiB in 8 x 8": ("image/png", lambda: png(8, 8, pixels=zeros(100))),
    "10^9 frames": ("video/mp4", lambda: claiming_mp4(10**9)),
}


def resident_mebibytes(pid: int) -> float:
    """What a process has in memory, without its children."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


@contextmanager
def watched(client: Client, pid: int) -> Iterator[tuple[list[float], list[float]]]:
    """The time that each of many small requests took (seconds), and the memory after each (MiB), until the end."""
    seconds: list[float] = []
    memory: list[float] = []

    async def ping() -> None:
        while True:
            for target in PINGS_TOGETHER:
                begun = time.perf_counter()
                assert (await client.get(target)).status == 200
                seconds.append(time.perf_counter() - begun)
            memory.append(resident_mebibytes(pid))

    task = asyncio.create_task(ping())
    try:
        yield seconds, memory
    finally:
        task.cancel()


@pytest.mark.timeout(120)
async def test_files_that_are_bombs_are_refused_while_the_service_goes_on(tmp_path: Path) -> None:
    files = {name: (content_type, make()) for name, (content_type, make) in BOMBS.items()}
    async with served(tmp_path) as (process, service):
        alice, bob = service.client(), service.client()
        await uploaded(alice)
        before = resident_mebibytes(process.pid)

        with watched(bob, process.pid) as (seconds, memory):
            codes = await asyncio.gather(*(refused(alice, *each) for each in files.values()))

        assert dict(zip(files, codes, strict=True)) == dict.fromkeys(files, "content_mismatch")
        assert max(memory) - before < GROWTH_MEBIBYTES
        assert sorted(seconds)[int(len(seconds) * 0.99)] < PATIENCE_SECONDS
        assert len(await alice.media()) == 1
        assert (await uploaded(alice))["kind"] == "image"
