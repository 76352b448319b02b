"""Deadlines: a job that has not ended in time has failed, wherever it is by then."""

import asyncio
from datetime import timedelta

import pytest

from jobs.background import stop
from jobs.record import Record
from schema.responses import GenerationResult, JobKind
from tests.databases import Place
from tests.factories import Bench, make_failure, open_bench

pytestmark = pytest.mark.places("sqlite", "cockroachdb")

HOUR = 3600
OVERDUE = {"code": "deadline_exceeded", "message": "The job ran out of time.", "retryable": True}


async def test_a_job_that_waits_beyond_its_deadline_fails(bench: Bench) -> None:
    job_id = await bench.submit(request={"deadlineSeconds": 60})

    bench.clock.advance(59)
    await bench.sweep()
    before = (await bench.row(job_id)).status
    bench.clock.advance(2)
    await bench.sweep()

    row = await bench.row(job_id)
    assert (before, row.status, row.error) == ("queued", "failed", OVERDUE)
    assert await bench.event_names(job_id) == ["generation_queued", "generation_failed"]
    assert bench.repairs("overdue_job") == 1


@pytest.mark.parametrize(("kind", "seconds"), [("image", HOUR), ("video", 4 * HOUR)])
async def test_a_request_that_names_none_has_the_one_of_its_kind(bench: Bench, kind: JobKind, seconds: int) -> None:
    job_id = await bench.submit(kind=kind)

    assert (await bench.row(job_id)).deadline_at == bench.clock.now + timedelta(seconds=seconds)


async def test_an_erasure_has_all_the_time_that_it_needs(bench: Bench) -> None:
    job_id = await bench.submit(kind="erasure")

    assert (await bench.row(job_id)).deadline_at is None


async def test_a_lease_knows_how_much_time_is_left(bench: Bench) -> None:
    await bench.submit(request={"deadlineSeconds": 60})

    bench.clock.advance(20)
    lease = await bench.claim()

    assert lease.seconds_left == 40


async def test_a_job_at_work_is_its_workers_to_end(bench: Bench) -> None:
    await bench.submit(request={"deadlineSeconds": 5})
    lease = await bench.claim()

    bench.clock.advance(6)
    await bench.sweep()
    before = (await bench.row(lease.job.id)).status
    assert await bench.leases.expire(lease)

    row = await bench.row(lease.job.id)
    assert (before, row.status, row.error) == ("running", "failed", OVERDUE)


async def test_a_cancel_that_came_first_stays_a_cancel(bench: Bench) -> None:
    lease = await bench.start()
    await bench.service.cancel("alice", lease.job.id)

    assert not await bench.leases.expire(lease)

    assert (await bench.row(lease.job.id)).status == "cancelling"


async def test_no_retry_is_made_beyond_the_deadline(bench: Bench) -> None:
    await bench.submit(request={"deadlineSeconds": 60})
    lease = await bench.claim()
    await bench.leases.fail(lease, make_failure(retry_after=120))

    bench.clock.advance(61)
    await bench.sweep()

    assert (await bench.row(lease.job.id)).error == OVERDUE


async def test_what_attempts_stored_is_kept_when_time_runs_out(bench: Bench) -> None:
    await bench.submit(request={"deadlineSeconds": 60, "n": 2})
    lease = await bench.claim()
    [media] = await bench.make(lease)
    await bench.leases.fail(lease, make_failure(retry_after=120), Record(outputs=(media,)))

    bench.clock.advance(61)
    await bench.sweep()

    view = await bench.service.get("alice", lease.job.id)
    assert (view.status, view.error) == ("succeeded", None)
    assert isinstance(view.result, GenerationResult)
    assert [each.path for each in view.result.media] == [media.path]
    assert [(each.index, each.code) for each in view.result.failures] == [(1, "deadline_exceeded")]


async def test_without_redis_it_ends_and_its_end_is_told_later(bench: Bench) -> None:
    job_id = await bench.submit(request={"deadlineSeconds": 60})
    await bench.settle()
    bench.server.connected = False
    bench.clock.advance(61)
    await bench.sweep()
    ended = (await bench.row(job_id)).status

    bench.server.connected = True
    bench.clock.advance(3)
    await bench.sweep()

    assert ended == "failed"
    assert [event.published_id is None for event in await bench.events(job_id)] == [False, False]


@pytest.mark.places("sqlite")
async def test_the_sweeper_wakes_up_for_a_deadline(place: Place) -> None:
    async with open_bench(place, sweep_seconds=1000) as bench:
        job_id = await bench.submit(request={"deadlineSeconds": 60})
        bench.clock.advance(59.99)
        sweeping = asyncio.create_task(bench.sweeper.run())

        async with asyncio.timeout(10):
            while (await bench.row(job_id)).status == "queued":
                bench.clock.advance(0.02)

        await stop(sweeping)
