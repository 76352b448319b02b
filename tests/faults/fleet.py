"""A whole fleet of real processes: web, workers, PostgreSQL, Redis, a bucket, each of which can be made to fail."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.acceptance.process import Process
from tests.gcs.server import FakeGcs
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.redis import RedisServer

DATABASE = "fleet"
STORE = "store"
LEASE_SECONDS = 3
SWEEP_SECONDS = 0.5
SUPERVISE_SECONDS = 0.1
MOST_IN_VAIN = 10


@dataclass
class Fleet:
    """`webs` and `workers` are what runs now; `settings` are the same for all.

    Without a `bucket` objects are in a directory.
    """

    directory: Path
    postgres: PostgresServer
    redis: RedisServer
    settings: dict[str, Any]
    ports: tuple[int, ...]
    bucket: FakeGcs | None = None
    webs: dict[int, Process] = field(default_factory=dict)
    workers: list[Process] = field(default_factory=list)
    ended: list[Process] = field(default_factory=list)

    @property
    def bases(self) -> list[str]:
        """Where the web processes are, or will be again."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    async def working(self, chance: random.Random) -> Process:
        """Any worker that lives and has got as far as working."""
        while True:
            if found := [each for each in self.workers if each.is_alive and each.has_logged("working")]:
                return chance.choice(found)
            await asyncio.sleep(SUPERVISE_SECONDS)

    async def start_web(self, port: int) -> None:
        """Start a web process, and wait until it serves."""
        process = Process(self.directory / "data", settings={"port": port} | self.settings)
        self.webs[port] = process
        await asyncio.to_thread(process.wait_for, "serving")

    async def start_worker(self) -> Process:
        """Start a worker process, and wait until it works."""
        process = Process(self.directory / "data", module="tests.faults.worker", settings=self.settings)
        self.workers.append(process)
        await asyncio.to_thread(process.wait_for, "working")
        return process

    async def supervise(self) -> None:
        """Start another worker for each that has died, until cancelled."""
        in_vain = 0
        while True:
            for process in [each for each in self.workers if not each.is_alive]:
                if process not in self.workers:
                    # It was replaced while another one was.
                    continue
                self.workers.remove(process)
                self.ended.append(process)
                try:
                    await self.start_worker()
                    in_vain = 0
                except AssertionError:
                    # A fault met it before it worked, as a database that lets nobody in; the next round replaces it.
                    in_vain += 1
                    if in_vain > MOST_IN_VAIN:
                        raise
            await asyncio.sleep(SUPERVISE_SECONDS)

    async def restart_worker(self, process: Process) -> None:
        """A rolling restart's step: the new one is there before the old one is asked to end."""
        await self.start_worker()
        if process not in self.workers:
            # Poison was quicker, and whoever supervises has seen it.
            return
        self.workers.remove(process)
        self.ended.append(process)
        process.kill(signal.SIGTERM)
        # Poison may have been quicker.
        assert await asyncio.to_thread(process.wait) in {0, -signal.SIGKILL}, process.lines[-20:]

    async def restart_web(self, port: int) -> None:
        """The same for a web process, which keeps its port."""
        process = self.webs[port]
        process.kill(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait) == 0, process.lines[-20:]
        self.ended.append(process)
        await self.start_web(port)

    def database(self) -> psycopg.Connection[Any]:
        """A connection for what the test does and asks behind the service's back."""
        return self.postgres.connect(DATABASE)

    def cut_sessions(self) -> None:
        """End every session of the database."""
        with self.postgres.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [DATABASE])

    def refuse_sessions(self, *, refuse: bool) -> None:
        """Let nobody in, or everybody again."""
        with self.postgres.connect() as connection:
            connection.execute(f"ALTER DATABASE {DATABASE} WITH ALLOW_CONNECTIONS {str(not refuse).lower()}")

    def last_words(self) -> str:
        """The end of what each process has logged, for whoever looks for a failure's cause."""
        running = [*self.webs.values(), *self.workers]
        return "\n".join(
            f"--- {process.pid} {'alive' if process.is_alive else 'ended'}\n{''.join(process.lines[-15:])}"
            for process in [*running, *self.ended]
        )

    async def end(self) -> None:
        """End every process, whatever state it is in."""
        for process in [*self.webs.values(), *self.workers, *self.ended]:
            process.resume()
            await asyncio.to_thread(process.end)


@asynccontextmanager
async def running_fleet(
    directory: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    *,
    bucket: FakeGcs | None = None,
    webs: int = 2,
    workers: int = 3,
    **changes: object,
) -> AsyncIterator[Fleet]:
    """A fleet on an empty database, an empty Redis, and an empty bucket or directory."""
    with postgres.connect() as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    redis.client().flushall()
    settings = {
        "database_url": postgres.url(DATABASE),
        "redis_url": redis.url,
        **({"storage_dir": directory / STORE} if bucket is None else bucket.environment),
        "public_url": "http://media.test",
        "lease_seconds": LEASE_SECONDS,
        "sweep_seconds": SWEEP_SECONDS,
        "drain_seconds": 10,
        "image_threads": 2,
        "upload_threads": 1,
        "video_threads": 1,
    } | changes
    fleet = Fleet(directory, postgres, redis, settings, tuple(free_port() for _ in range(webs)), bucket)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(fleet.end)
        await asyncio.gather(*map(fleet.start_web, fleet.ports), *(fleet.start_worker() for _ in range(workers)))
        yield fleet
