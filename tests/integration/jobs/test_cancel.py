"""Cancelling: at once in the queue, through the worker when at work, and with one end whoever is quicker."""

import asyncio
import random
from datetime import timedelta

import pytest

from tests.factories import LEASE_SECONDS, Bench, make_failure, media_of, output_path, paths_in, put
from tests.readers import LogReader, names

pytestmark = pytest.mark.places("sqlite", "cockroachdb")

ENDS = {"generation_complete", "generation_failed"}


async def test_a_queued_job_is_cancelled_at_once(bench: Bench, reader: LogReader) -> None:
    job_id = await bench.submit()
    await reader.read()

    view = await bench.service.cancel("alice", job_id)
    await bench.settle()

    assert (view.status, view.queue_position, view.finished_at) == ("cancelled", None, bench.clock.now)
    assert view.error is not None
    assert view.error.code == "cancelled"
    ((name, payload),) = await reader.read()
    assert (name, payload["jobId"], payload["code"], payload["retryable"]) == (
        "generation_failed",
        job_id,
        "cancelled",
        False,
    )


async def test_a_job_that_was_cancelled_in_the_queue_never_starts(bench: Bench) -> None:
    job_id = await bench.submit()
    await bench.service.cancel("alice", job_id)

    assert await bench.leases.claim("image") is None
    assert await bench.event_names(job_id) == ["generation_queued", "generation_failed"]


async def test_a_running_job_is_cancelling_until_its_worker_stops(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()
    await reader.read()

    view = await bench.service.cancel("alice", lease.job.id)
    await bench.settle()
    meanwhile = await reader.read()
    assert await bench.leases.stop(lease)
    await bench.settle()

    assert (view.status, view.finished_at, meanwhile) == ("cancelling", None, [])
    assert (await bench.service.get("alice", lease.job.id)).status == "cancelled"
    assert names(await reader.read()) == ["generation_failed"]


async def test_workers_hear_of_a_cancel_without_waiting_for_their_heartbeat(bench: Bench) -> None:
    lease = await bench.start()
    async with bench.redis.pubsub() as listener:
        await listener.subscribe("mp:cancel")
        await listener.get_message(timeout=1)

        await bench.service.cancel("alice", lease.job.id)
        await bench.settle()

        heard = await listener.get_message(timeout=1)
        assert heard is not None
        assert heard["data"] == lease.job.id.encode()


async def test_a_cancel_while_redis_is_down_is_no_error(bench: Bench) -> None:
    lease = await bench.start()
    bench.server.connected = False

    assert (await bench.service.cancel("alice", lease.job.id)).status == "cancelling"


@pytest.mark.parametrize("status", ["queued", "running"])
async def test_cancelling_again_changes_nothing(bench: Bench, status: str) -> None:
    job_id = await bench.submit() if status == "queued" else (await bench.start()).job.id
    first = await bench.service.cancel("alice", job_id)
    before = await bench.row(job_id)
    events = await bench.event_names(job_id)
    bench.clock.advance(5)

    again = await bench.service.cancel("alice", job_id)

    assert again == first
    assert await bench.row(job_id) == before
    assert await bench.event_names(job_id) == events


async def test_cancelling_what_has_ended_shows_how_it_ended(bench: Bench) -> None:
    lease = await bench.start()
    await bench.succeed(lease)

    assert (await bench.service.cancel("alice", lease.job.id)).status == "succeeded"


async def test_a_stop_removes_what_the_job_stored(bench: Bench) -> None:
    lease = await bench.start()
    await bench.make(lease, count=3)
    await bench.service.cancel("alice", lease.job.id)

    await bench.leases.stop(lease)

    assert await paths_in(bench.store) == []


async def test_a_stop_leaves_the_outputs_of_other_jobs(bench: Bench) -> None:
    other = await bench.succeed(await bench.start())
    lease = await bench.start()
    await bench.make(lease)
    await bench.service.cancel("alice", lease.job.id)

    await bench.leases.stop(lease)

    assert await paths_in(bench.store) == [other[0].path]


async def test_what_a_retried_job_stored_goes_when_it_is_cancelled_in_the_queue(bench: Bench) -> None:
    lease = await bench.start()
    await bench.make(lease, count=2)
    await bench.leases.fail(lease, make_failure())

    await bench.service.cancel("alice", lease.job.id)
    await bench.sweep()

    assert await paths_in(bench.store) == []


async def test_what_a_zombie_stores_after_the_cancel_goes_later(bench: Bench) -> None:
    lease = await bench.start()
    await bench.lapse()
    await bench.service.cancel("alice", lease.job.id)
    await bench.sweep()
    await put(bench.store, output_path(lease.job))

    bench.clock.advance(2 * LEASE_SECONDS + 1)
    await bench.sweep()

    assert await paths_in(bench.store) == []


async def test_success_after_a_cancel_is_refused_and_the_job_ends_as_cancelled(bench: Bench) -> None:
    lease = await bench.start()
    media = await bench.make(lease)
    await bench.service.cancel("alice", lease.job.id)

    assert not await bench.leases.succeed(lease, media)
    assert await bench.leases.stop(lease)

    assert (await bench.row(lease.job.id)).status == "cancelled"
    assert await paths_in(bench.store) == []


@pytest.mark.parametrize("seed", range(8))
async def test_a_cancel_that_races_with_success_ends_the_job_once(bench: Bench, reader: LogReader, seed: int) -> None:
    lease = await bench.start()
    media = await bench.make(lease)
    chance = random.Random(seed)

    async def cancel() -> None:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        await bench.service.cancel("alice", lease.job.id)

    async def work() -> None:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        if not await bench.leases.succeed(lease, media):
            await bench.leases.stop(lease)

    await asyncio.gather(*([cancel(), work()] if seed % 2 else [work(), cancel()]))
    await bench.settle()

    row = await bench.row(lease.job.id)
    (end,) = [event for event in await bench.events(lease.job.id) if event.is_terminal]
    await reader.read()
    assert [name for name in reader.names_of(lease.job.id) if name in ENDS] == [end.name]
    assert (row.status, end.name) in {("succeeded", "generation_complete"), ("cancelled", "generation_failed")}
    assert await paths_in(bench.store) == ([media[0].path] if row.status == "succeeded" else [])


async def test_concurrent_cancels_of_a_queued_job_end_it_once(bench: Bench) -> None:
    job_id = await bench.submit()

    views = await asyncio.gather(*(bench.service.cancel("alice", job_id) for _ in range(10)))

    assert {view.status for view in views} == {"cancelled"}
    assert await bench.event_names(job_id) == ["generation_queued", "generation_failed"]


async def test_a_lapse_while_cancelling_ends_the_job_as_cancelled(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()
    await bench.make(lease)
    await bench.service.cancel("alice", lease.job.id)

    await bench.lapse()

    view = await bench.service.get("alice", lease.job.id)
    assert (view.status, view.error and view.error.code) == ("cancelled", "cancelled")
    await reader.read()
    assert reader.names_of(lease.job.id)[-1] == "generation_failed"
    assert await paths_in(bench.store) == []


async def test_a_job_that_is_being_cancelled_is_not_released(bench: Bench) -> None:
    lease = await bench.start()
    await bench.service.cancel("alice", lease.job.id)

    assert not await bench.leases.release(lease)
    assert (await bench.row(lease.job.id)).status == "cancelling"


async def test_the_view_of_a_cancel_is_right_for_a_job_with_results(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.succeed(lease, [media_of(lease.job)])
    bench.clock.now += timedelta(seconds=1)

    view = await bench.service.cancel("alice", lease.job.id)

    assert view == await bench.service.get("alice", lease.job.id)
