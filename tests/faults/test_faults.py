"""Whatever is killed, cut off, emptied or stopped: every accepted job has one end, and its owner is told it once.

`make chaos` runs it at the size that the promise is made for; `make test` a short form of it. FAULT_JOBS and FAULT_SEED
say how much, and which schedule; FAULT_STORE, whether objects are in a bucket or in a directory.
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actors.broker import NAMESPACE
from jobs.clock import system_clock
from tests.acceptance.service import new_session
from tests.faults.belongings import check_storage
from tests.faults.fleet import LEASE_SECONDS, Fleet, running_fleet
from tests.faults.watcher import Watcher
from tests.faults.worker import POISON
from tests.gcs.accounts import Account
from tests.gcs.faults import Answered, Lost
from tests.gcs.faults import Fault as BucketFault
from tests.gcs.server import running
from tests.postgres import PostgresServer
from tests.redis import RedisServer

JOBS = int(os.environ.get("FAULT_JOBS", "48"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
HAS_BUCKET = os.environ.get("FAULT_STORE", "bucket") == "bucket"
USERS = 4
POISONED = max(1, JOBS // 80)
PATIENCE_SECONDS = 60 + JOBS
OUTAGE_SECONDS = 2.0

Fault = Callable[[Fleet, random.Random], Awaitable[None]]


async def kill_a_worker(fleet: Fleet, chance: random.Random) -> None:
    chance.choice(fleet.workers).kill(signal.SIGKILL)


async def lose_redis(fleet: Fleet, chance: random.Random) -> None:
    fleet.redis.kill()
    await asyncio.sleep(chance.uniform(0, 1))
    await asyncio.to_thread(fleet.redis.start)


async def empty_redis(fleet: Fleet, _chance: random.Random) -> None:
    await asyncio.to_thread(fleet.redis.client().flushall)


async def silence_redis(fleet: Fleet, _chance: random.Random) -> None:
    fleet.redis.send(signal.SIGSTOP)
    await asyncio.sleep(OUTAGE_SECONDS)
    fleet.redis.send(signal.SIGCONT)


async def cut_sessions(fleet: Fleet, _chance: random.Random) -> None:
    await asyncio.to_thread(fleet.cut_sessions)


async def lose_the_database(fleet: Fleet, _chance: random.Random) -> None:
    await asyncio.to_thread(lambda: fleet.refuse_sessions(refuse=True))
    await asyncio.to_thread(fleet.cut_sessions)
    await asyncio.sleep(OUTAGE_SECONDS)
    await asyncio.to_thread(lambda: fleet.refuse_sessions(refuse=False))


async def lose_wake_ups(fleet: Fleet, _chance: random.Random) -> None:
    await asyncio.to_thread(fleet.redis.client().delete, f"{NAMESPACE}:image")


async def double_wake_ups(fleet: Fleet, _chance: random.Random) -> None:
    client, queue = fleet.redis.client(), f"{NAMESPACE}:image"
    for message_id in await asyncio.to_thread(client.lrange, queue, 0, -1):
        await asyncio.to_thread(client.rpush, queue, message_id)


async def freeze_a_worker(fleet: Fleet, chance: random.Random) -> None:
    worker = await fleet.working(chance)
    worker.kill(signal.SIGSTOP)
    await asyncio.sleep(LEASE_SECONDS + 2)
    worker.resume()


async def lose_the_store(fleet: Fleet, chance: random.Random) -> None:
    """A directory is not lost; a bucket is busy, or its answers don't arrive."""
    if fleet.bucket is not None:
        outages: list[BucketFault] = [Answered(503), Answered(429, {"Retry-After": "1"}), Lost()]
        fleet.bucket.faults.outage = chance.choice(outages)
        await asyncio.sleep(OUTAGE_SECONDS)
        fleet.bucket.faults.outage = None


async def roll(fleet: Fleet, chance: random.Random) -> None:
    await fleet.restart_worker(await fleet.working(chance))
    await fleet.restart_web(chance.choice(fleet.ports))


FAULTS: tuple[Fault, ...] = (
    kill_a_worker,
    lose_redis,
    cut_sessions,
    lose_wake_ups,
    kill_a_worker,
    empty_redis,
    lose_the_database,
    double_wake_ups,
    kill_a_worker,
    silence_redis,
    lose_the_store,
    roll,
    freeze_a_worker,
)


def schedule(chance: random.Random) -> list[Fault]:
    """Each fault at least once, and as many rounds of them as the number of jobs is worth."""
    faults = [fault for _ in range(max(1, JOBS // 75)) for fault in FAULTS]
    chance.shuffle(faults)
    return faults


@dataclass
class Orders:
    """What clients ask for: `jobs` with whoever watches each of them, and those among them that kill their worker."""

    watchers: Sequence[Watcher]
    jobs: dict[str, Watcher] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)

    async def place_all(self) -> None:
        for first in range(0, JOBS, 8):
            await asyncio.gather(*(self._place(number) for number in range(first, min(first + 8, JOBS))))

    async def _place(self, number: int) -> None:
        watcher = self.watchers[number % USERS]
        prompt = POISON if number < POISONED else f"job {number}"
        job_id = await watcher.submit({"prompt": prompt, "width": 64, "height": 64}, f"key-{number}")
        self.jobs[job_id] = watcher
        if prompt == POISON:
            self.poisoned.add(job_id)


async def play(fleet: Fleet, orders: Orders, chance: random.Random) -> None:
    """Have everything asked for, and every fault happen, spread over the time that it takes until all has ended."""
    placing = asyncio.create_task(orders.place_all())
    faults = schedule(chance)
    for done, fault in enumerate(faults, start=1):
        await over(orders.jobs, done * JOBS // (len(faults) + 2))
        await fault(fleet, chance)
    await placing
    await over(orders.jobs, JOBS)


@pytest.mark.timeout(PATIENCE_SECONDS + 60)
async def test_every_accepted_job_has_one_end_whatever_fails(
    tmp_path: Path, postgres: PostgresServer, fault_redis: RedisServer, gcs_account: Account
) -> None:
    chance = random.Random(SEED)
    async with (
        running(system_clock, gcs_account) as fake,
        running_fleet(tmp_path, postgres, fault_redis, bucket=fake if HAS_BUCKET else None) as fleet,
        new_session() as session,
    ):
        watchers = [Watcher(session, fleet.bases, f"user-{number}") for number in range(USERS)]
        orders = Orders(watchers)
        work = (play(fleet, orders, chance), fleet.supervise(), *(each.watch() for each in watchers))
        playing, *beside = [asyncio.create_task(each) for each in work]
        try:
            await asyncio.wait([playing, *beside], timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in (playing, *beside):
                if task.done():
                    task.result()
            if not playing.done():
                pytest.fail(f"seed {SEED}: {unfinished(orders.jobs)}\n{rows(fleet)}\n{fleet.last_words()}")
        finally:
            for task in (playing, *beside):
                task.cancel()
            await asyncio.wait([playing, *beside])

        assert len(orders.jobs) == JOBS
        check_endings(fleet, orders.jobs, orders.poisoned)
        check_streams(orders.jobs)
        await check_storage(fleet)


async def over(jobs: dict[str, Watcher], count: int) -> None:
    """Wait until the owners of so many jobs know of their end."""
    # Several watchers hear of them, each for itself.
    while sum(watcher.is_over(job_id) for job_id, watcher in list(jobs.items())) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def unfinished(jobs: dict[str, Watcher]) -> dict[str, list[str]]:
    return {
        job_id: [event.name for event in watcher.told[job_id]]
        for job_id, watcher in jobs.items()
        if not watcher.is_over(job_id)
    }


def rows(fleet: Fleet) -> list[tuple[object, ...]]:
    with fleet.database() as connection:
        return connection.execute(
            "SELECT id, status, attempts, claims, lost_workers, run_at, woken_at, lease_until FROM job"
            " WHERE status IN ('queued', 'running', 'cancelling') LIMIT 3"
        ).fetchall()


def check_endings(fleet: Fleet, jobs: dict[str, Watcher], poisoned: set[str]) -> None:
    """In the database each job has ended, once; and only poison fails."""
    with fleet.database() as connection:
        ended = connection.execute("SELECT id, status, error, attempts, lost_workers FROM job").fetchall()
        finals = connection.execute("SELECT job_id, count(*) FROM event WHERE is_terminal GROUP BY job_id").fetchall()
        untold = connection.execute("SELECT count(*) FROM event WHERE published_id IS NULL").fetchone()
    assert {str(row[0]) for row in ended} == jobs.keys()
    assert {str(job_id): count for job_id, count in finals} == dict.fromkeys(jobs, 1)
    assert untold == (0,)
    for job_id, status, error, *counts in ended:
        if str(job_id) in poisoned:
            assert (status, error["code"]) == ("failed", "worker_lost")
        else:
            # Three kills in a row can meet one job, and then it has failed as it should.
            assert status == "succeeded" or error["code"] == "worker_lost", (job_id, status, error, counts)


def check_streams(jobs: dict[str, Watcher]) -> None:
    """Nobody was told an end twice, or anything behind it; no progress fell within an attempt."""
    for job_id, watcher in jobs.items():
        told = watcher.told[job_id]
        assert len(watcher.finals(job_id)) <= 1, told
        if watcher.finals(job_id):
            assert told[-1] is watcher.finals(job_id)[0], told
        assert sum(event.name == "generation_started" for event in told) <= 1, told
        reached: dict[int, float] = {}
        for event in told:
            if event.name == "generation_progress" and event.data["progress"] is not None:
                attempt, progress = event.data["attempt"], event.data["progress"]
                assert progress >= reached.get(attempt, 0), told
                reached[attempt] = progress
