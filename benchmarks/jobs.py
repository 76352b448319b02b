"""What a job costs from its POST to its terminal event: processor time of the web process, the worker and its children.

python -m benchmarks.jobs 300 8     # 300 jobs, 8 users, each with one job under way at a time

The database and Redis are real and not counted. The worker's provider does nothing (`benchmarks/idle_worker.py`); what
describes each picture is a child process, and counted by itself.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from benchmarks.backing import backing
from tests.acceptance.client import token_of
from tests.acceptance.process import Process
from tests.ports import free_port
from tests.processes import cpu_seconds_below, cpu_seconds_of

WARM_UP = 24
PROMPT = {"prompt": "nothing", "width": 64, "height": 64}
SECONDS = 300.0


@dataclass(frozen=True)
class Spent:
    """Processor seconds, of a process alone and of all that it has started."""

    own: float
    children: float

    @classmethod
    def of(cls, process: Process) -> "Spent":
        return cls(cpu_seconds_of(process.pid), cpu_seconds_below(process.pid))


@contextmanager
def pipeline(*, works: bool = True) -> Iterator[tuple[str, Process, Process | None]]:
    """Where the web process is, it, and the worker, where there is to be one."""
    with ExitStack() as stack:
        below, port = stack.enter_context(backing()), free_port()
        data, settings = below.directory / "data", below.settings | {"port": port, "max_queued_per_user": 10_000}
        web = Process(data, settings=settings)
        stack.callback(web.end)
        web.wait_for("serving")
        if not works:
            yield f"http://127.0.0.1:{port}", web, None
            return
        worker = Process(data, module="benchmarks.idle_worker", settings=settings)
        stack.callback(worker.end)
        worker.wait_for("working")
        yield f"http://127.0.0.1:{port}", web, worker


async def user(session: ClientSession, base: str, name: str, count: int) -> list[float]:
    """Post `count` jobs, each when the one before has ended; how long each took to be told of, in seconds."""
    headers = {"Authorization": f"Bearer {token_of(name)}"}
    took = []
    async with session.get(f"{base}/events", headers=headers) as stream:
        stream.raise_for_status()
        # Once it says anything, it misses nothing.
        await stream.content.readline()
        for _ in range(count):
            begun = time.perf_counter()
            async with session.post(f"{base}/generate/image", json=PROMPT, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()
            async for line in stream.content:
                if line.rstrip() == b"event: generation_failed":
                    raise RuntimeError("a job failed")
                if line.rstrip() == b"event: generation_complete":
                    break
            took.append(time.perf_counter() - begun)
    return took


async def measure(base: str, web: Process, worker: Process, count: int, users: int) -> dict[str, float]:
    """Milliseconds of processor for each job, and how long one takes, in milliseconds."""
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(SECONDS)) as session:
        await user(session, base, "warm-up", WARM_UP)
        before = [Spent.of(each) for each in (web, worker)]
        begun = time.perf_counter()
        took = await asyncio.gather(*(user(session, base, f"user-{n}", count // users) for n in range(users)))
        elapsed = time.perf_counter() - begun
        after = [Spent.of(each) for each in (web, worker)]
    done = count // users * users
    each_took = [seconds for one in took for seconds in one]
    web_cpu, worker_cpu = (end.own - start.own for start, end in zip(before, after, strict=True))
    children = after[1].children - before[1].children
    return {
        "jobs": done,
        "jobs_per_second": round(done / elapsed, 1),
        "web_ms": round(1000 * web_cpu / done, 2),
        "worker_ms": round(1000 * worker_cpu / done, 2),
        "children_ms": round(1000 * children / done, 2),
        "median_ms": round(1000 * median(each_took), 1),
    }


def main(count: str = "300", users: str = "8") -> None:
    with pipeline() as (base, web, worker):
        assert worker is not None  # noqa: S101  # it was asked for
        figures = asyncio.run(measure(base, web, worker, int(count), int(users)))
    print(json.dumps(figures))  # noqa: T201  # what a benchmark is for


if __name__ == "__main__":
    main(*sys.argv[1:])
