"""The sweeper replaces wake-ups that were lost, and sends no more than can be of use."""

import asyncio
import time
from datetime import datetime, timedelta

from jobs.background import stop
from schema.responses import JobKind
from tests.clock import ManualClock
from tests.databases import Place
from tests.factories import Bench, RecordingWakeUps, make_failure, open_bench

STALE_SECONDS = 11


class AwaitedWakeUps(RecordingWakeUps):
    """Lets a test wait for the next wake-up."""

    def __init__(self) -> None:
        super().__init__()
        self.is_sent = asyncio.Event()

    async def send(self, kind: JobKind, job_id: str) -> None:
        await super().send(kind, job_id)
        self.is_sent.set()


class RunningClock(ManualClock):
    """A clock that goes on by itself, for what waits for the real time to pass."""

    def __init__(self) -> None:
        super().__init__()
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self._started)


async def test_a_fresh_wake_up_is_not_repeated(bench: Bench) -> None:
    await bench.submit()
    await bench.sweep()
    bench.wake_ups.forget()

    bench.clock.advance(9)
    await bench.sweep()

    assert bench.wake_ups.sent == []


async def test_a_wake_up_that_was_lost_is_sent_again(bench: Bench) -> None:
    job_id = await bench.submit()
    bench.wake_ups.forget()

    bench.clock.advance(STALE_SECONDS)
    await bench.sweep()

    assert bench.wake_ups.sent == [("image", job_id)]
    assert bench.repairs("lost_wake_up") == 1


async def test_a_job_whose_wake_up_waits_for_a_worker_is_not_woken_again(bench: Bench) -> None:
    await bench.submit_many(3)

    for _ in range(10):
        bench.clock.advance(STALE_SECONDS)
        await bench.sweep()

    assert len(bench.wake_ups.sent) == 3


async def test_only_as_many_wake_ups_are_sent_as_are_missing(bench: Bench) -> None:
    await bench.submit_many(5)
    del bench.wake_ups.queue[:2]
    bench.wake_ups.sent.clear()

    bench.clock.advance(STALE_SECONDS)
    await bench.sweep()

    assert len(bench.wake_ups.sent) == 2


async def test_the_wake_ups_of_one_kind_do_not_stand_for_another(bench: Bench) -> None:
    await bench.submit(kind="image")
    job_id = await bench.submit(kind="video")
    bench.wake_ups.queue.remove(("video", job_id))
    bench.wake_ups.sent.clear()

    bench.clock.advance(STALE_SECONDS)
    await bench.sweep()

    assert bench.wake_ups.sent == [("video", job_id)]


async def test_after_redis_was_emptied_every_queued_job_is_woken_at_once(bench: Bench) -> None:
    submitted = await bench.submit_many(3)
    await bench.sweep()
    bench.wake_ups.forget()
    await bench.redis.flushall()
    bench.clock.advance(0.001)

    await bench.sweep()

    assert sorted(bench.wake_ups.forget()) == sorted(submitted)


async def test_after_redis_was_emptied_jobs_are_woken_once(bench: Bench) -> None:
    submitted = await bench.submit_many(3)
    await bench.sweep()
    bench.wake_ups.forget()
    await bench.redis.flushall()
    bench.clock.advance(0.001)

    await bench.sweep()
    await bench.jobs.log.open("bob")
    bench.clock.advance(0.001)
    await bench.sweep()

    assert sorted(job_id for _, job_id in bench.wake_ups.sent) == sorted(submitted)


async def test_a_process_that_starts_does_not_wake_jobs_whose_wake_ups_wait(bench: Bench, place: Place) -> None:
    await bench.submit_many(3)

    async with open_bench(place, server=bench.server, clock=bench.clock, wake_ups=bench.wake_ups) as newcomer:
        await newcomer.sweep()

    assert len(bench.wake_ups.sent) == 3


async def test_running_and_finished_jobs_are_not_woken(bench: Bench) -> None:
    await bench.succeed(await bench.start())
    await bench.start()
    bench.wake_ups.forget()

    bench.clock.advance(STALE_SECONDS)
    await bench.sweep()

    assert bench.wake_ups.sent == []


async def test_a_released_job_is_woken_by_the_next_sweep(bench: Bench) -> None:
    lease = await bench.start()
    await bench.sweep()
    bench.wake_ups.forget()

    await bench.leases.release(lease)
    await bench.sweep()

    assert bench.wake_ups.sent == [("image", lease.job.id)]


async def test_the_loop_sweeps_sooner_when_a_retry_is_due_sooner(place: Place) -> None:
    wake_ups = AwaitedWakeUps()
    async with open_bench(place, clock=RunningClock(), wake_ups=wake_ups, sweep_seconds=3600) as bench:
        lease = await bench.start()
        await bench.leases.fail(lease, make_failure())
        wake_ups.forget()
        wake_ups.is_sent.clear()

        loop = asyncio.create_task(bench.sweeper.run())
        async with asyncio.timeout(20):
            await wake_ups.is_sent.wait()
        await stop(loop)

        assert wake_ups.sent == [("image", lease.job.id)]
