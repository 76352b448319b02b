"""This service beside what a team would put together: python -m benchmarks.stack submit | jobs.

The other one is FastAPI, Celery, SQLAlchemy, Redis and sse-starlette (`benchmarks/peers/stack`): it does the same job
with the same picture, and what it leaves out is what makes teams lose jobs. Both have one web process and one worker,
on a PostgreSQL and a Redis of their own, and take turns.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from benchmarks.backing import backing
from benchmarks.hub_load import BUILD, ROOT
from benchmarks.hub_servers import child
from benchmarks.jobs import PROMPT, WARM_UP, pipeline, user
from tests.acceptance.client import SECRET, token_of
from tests.ports import free_port
from tests.processes import cpu_seconds_below, cpu_seconds_of

ROUNDS = 3
USERS = 8
SUBMIT_SECONDS = 5.0
JOBS = 200
SECONDS = 300.0
STACK = ROOT / "benchmarks" / "peers" / "stack"
CELERY_PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Side:
    """Where a web process is, and the processes whose time counts, with all that they have started."""

    base: str
    pids: tuple[int, ...]

    @property
    def cpu_seconds(self) -> float:
        return sum(cpu_seconds_of(pid) + cpu_seconds_below(pid) for pid in self.pids)


Server = Callable[[bool], AbstractContextManager[Side]]
"""Given whether somebody works on the jobs."""


@contextmanager
def service(works: bool) -> Iterator[Side]:  # noqa: FBT001  # as `Server` has it
    with pipeline(works=works) as (base, web, worker):
        yield Side(base, (web.pid,) if worker is None else (web.pid, worker.pid))


@contextmanager
def stack(works: bool) -> Iterator[Side]:  # noqa: FBT001  # as `Server` has it
    with ExitStack() as opened:
        below = opened.enter_context(backing())
        environment = {
            "STACK_DATABASE_URL": below.database_url,
            "STACK_REDIS_URL": below.redis.url,
            "STACK_DIRECTORY": str(below.directory),
            "STACK_SECRET": SECRET,
            "PATH": os.environ["PATH"],
        }
        port, python = free_port(), BUILD / "venv/bin/python"

        def start(*command: object, port: int | None = None) -> int:
            ports = () if port is None else (port,)
            return opened.enter_context(
                child([python, *command], *ports, directory=STACK, environment=environment, is_pinned=False)
            )

        pids = [start("web.py", port, port=port)]
        if works:
            pids.append(
                start("-m", "celery", "-A", "tasks", "worker", f"--concurrency={CELERY_PROCESSES}", "--loglevel=INFO")
            )
        yield Side(f"http://127.0.0.1:{port}", tuple(pids))


SERVERS: dict[str, Server] = {"service": service, "stack": stack}


async def submit(side: Side) -> dict[str, float]:
    """Jobs posted in a second by eight users, each waiting for the answer, and milliseconds of processor for each."""

    async def post(session: ClientSession, name: str, until: float) -> int:
        headers, count = {"Authorization": f"Bearer {token_of(name)}"}, 0
        while time.perf_counter() < until:
            async with session.post(f"{side.base}/generate/image", json=PROMPT, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()
            count += 1
        return count

    async with _session() as session:
        await post(session, "warm-up", time.perf_counter() + 1)
        before, begun = side.cpu_seconds, time.perf_counter()
        counts = await asyncio.gather(*(post(session, f"user-{n}", begun + SUBMIT_SECONDS) for n in range(USERS)))
        elapsed, done = time.perf_counter() - begun, sum(counts)
        return {"per_second": round(done / elapsed, 1), "cpu_ms": round(1000 * (side.cpu_seconds - before) / done, 2)}


async def jobs(side: Side) -> dict[str, float]:
    """Jobs done in a second for eight users, each with one under way, and milliseconds of processor for each."""
    async with _session() as session:
        await user(session, side.base, "warm-up", WARM_UP)
        before, begun = side.cpu_seconds, time.perf_counter()
        await asyncio.gather(*(user(session, side.base, f"user-{n}", JOBS // USERS) for n in range(USERS)))
        elapsed = time.perf_counter() - begun
        return {"per_second": round(JOBS / elapsed, 1), "cpu_ms": round(1000 * (side.cpu_seconds - before) / JOBS, 2)}


def _session() -> ClientSession:
    return ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(SECONDS))


PARTS = {"submit": submit, "jobs": jobs}


def main(part: str = "jobs") -> None:
    for _ in range(ROUNDS):
        for name, server in SERVERS.items():
            with server(part == "jobs") as side:
                figures = asyncio.run(PARTS[part](side))
            print(json.dumps({"part": part, "server": name} | figures), flush=True)  # noqa: T201  # what it is for


if __name__ == "__main__":
    main(*sys.argv[1:])
