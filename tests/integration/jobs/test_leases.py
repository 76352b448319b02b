"""Leases: kept by heartbeats, ended once, and worth nothing once they are lost."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from jobs.job import Lease
from tests.factories import LEASE_SECONDS, Bench, make_failure, media_of, paths_in
from tests.readers import LogReader

ZOMBIES_WRITES: dict[str, Callable[[Bench, Lease], Awaitable[bool]]] = {
    "succeed": lambda bench, lease: bench.leases.succeed(lease, [media_of(lease.job)]),
    "fail for good": lambda bench, lease: bench.leases.fail(lease, make_failure(retryable=False)),
    "fail to be retried": lambda bench, lease: bench.leases.fail(lease, make_failure()),
    "stop": lambda bench, lease: bench.leases.stop(lease),
    "release": lambda bench, lease: bench.leases.release(lease),
}


async def test_a_heartbeat_prolongs_the_lease(bench: Bench) -> None:
    lease = await bench.start()
    bench.clock.advance(LEASE_SECONDS - 1)

    assert await bench.leases.heartbeat(lease, None, None) == "running"

    row = await bench.row(lease.job.id)
    assert row.lease_until == bench.clock.now + timedelta(seconds=LEASE_SECONDS)


async def test_a_job_whose_heart_beats_is_not_taken_back(bench: Bench) -> None:
    lease = await bench.start()

    for _ in range(5):
        bench.clock.advance(LEASE_SECONDS - 1)
        await bench.leases.heartbeat(lease, None, None)
        await bench.sweep()

    assert (await bench.row(lease.job.id)).lease_token == lease.token


async def test_a_heartbeat_carries_progress_into_the_row(bench: Bench) -> None:
    lease = await bench.start()

    await bench.leases.heartbeat(lease, 12.5, "step 1 of 8")

    row = await bench.row(lease.job.id)
    assert (row.progress, row.message) == (12.5, "step 1 of 8")


async def test_a_heartbeat_tells_that_a_cancel_was_asked_for(bench: Bench) -> None:
    lease = await bench.start()
    await bench.service.cancel("alice", lease.job.id)

    assert await bench.leases.heartbeat(lease, None, None) == "cancelling"


async def test_a_worker_that_was_late_and_not_missed_goes_on(bench: Bench) -> None:
    lease = await bench.start()
    bench.clock.advance(LEASE_SECONDS * 3)

    assert await bench.leases.heartbeat(lease, None, None) == "running"
    await bench.sweep()

    assert (await bench.row(lease.job.id)).lost_workers == 0


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
async def test_a_heartbeat_after_the_end_finds_the_lease_lost(bench: Bench, end: str) -> None:
    lease = await bench.start()
    if end == "succeeded":
        await bench.succeed(lease)
    elif end == "failed":
        await bench.leases.fail(lease, make_failure(retryable=False))
    else:
        await bench.service.cancel("alice", lease.job.id)
        await bench.leases.stop(lease)

    assert (await bench.row(lease.job.id)).status == end
    assert await bench.leases.heartbeat(lease, 50.0, None) is None


async def test_a_zombies_heartbeat_changes_nothing(bench: Bench) -> None:
    zombie = await bench.start()
    await bench.lapse()
    await bench.claim()
    before = await bench.row(zombie.job.id)

    assert await bench.leases.heartbeat(zombie, 99.0, "still here") is None
    assert await bench.row(zombie.job.id) == before


@pytest.mark.parametrize("is_reclaimed", [True, False])
@pytest.mark.parametrize("write", ZOMBIES_WRITES.values(), ids=ZOMBIES_WRITES)
async def test_what_a_zombie_writes_changes_nothing(
    bench: Bench, write: Callable[[Bench, Lease], Awaitable[bool]], *, is_reclaimed: bool
) -> None:
    zombie = await bench.start()
    await bench.lapse()
    if is_reclaimed:
        await bench.claim()
    before = await bench.row(zombie.job.id)

    assert not await write(bench, zombie)

    await bench.settle()
    assert await bench.row(zombie.job.id) == before
    assert await bench.event_names(zombie.job.id) == ["generation_queued", "generation_started"]
    page = await bench.library.list("alice", prefix=None, kind=None, source=None, before=None, limit=10)
    assert page.items == []


async def test_a_zombie_that_fails_leaves_the_winners_outputs_alone(bench: Bench) -> None:
    zombie = await bench.start()
    await bench.lapse()
    made = await bench.make(await bench.claim())

    await bench.leases.fail(zombie, make_failure(retryable=False))
    await bench.leases.stop(zombie)

    assert await paths_in(bench.store) == [media.path for media in made]


async def test_a_lease_ends_its_job_once(bench: Bench) -> None:
    lease = await bench.start()
    await bench.succeed(lease)

    assert not await bench.leases.succeed(lease, [])
    assert not await bench.leases.fail(lease, make_failure(retryable=False))
    assert await bench.event_names(lease.job.id) == ["generation_queued", "generation_started", "generation_complete"]


async def test_a_lease_can_not_be_stopped_unless_a_cancel_was_asked_for(bench: Bench) -> None:
    lease = await bench.start()

    assert not await bench.leases.stop(lease)
    assert (await bench.row(lease.job.id)).status == "running"


async def test_success_puts_the_results_into_the_library_and_the_terminal_event(
    bench: Bench, reader: LogReader
) -> None:
    lease = await bench.start()
    await reader.read()

    media = await bench.succeed(lease, count=2)

    view = await bench.service.get("alice", lease.job.id)
    assert (view.status, view.progress, view.message, view.error) == ("succeeded", 100, None, None)
    assert view.finished_at == bench.clock.now
    ((name, payload),) = await reader.read()
    assert name == "generation_complete"
    assert [item["path"] for item in payload["result"]["media"]] == [each.path for each in media]
    assert view.result is not None
    assert payload["result"] == view.result.model_dump(mode="json", by_alias=True)


async def test_a_finished_job_has_no_lease(bench: Bench) -> None:
    lease = await bench.start()
    await bench.succeed(lease)

    row = await bench.row(lease.job.id)
    assert (row.lease_token, row.lease_until) == (None, None)


async def test_progress_is_told_with_the_number_of_the_run_and_is_no_row(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()
    await reader.read()

    await bench.leases.tell_progress(lease, 25.0, "tile 1 of 4")

    assert await reader.read() == [
        (
            "generation_progress",
            {"jobId": lease.job.id, "progress": 25.0, "message": "tile 1 of 4", "attempt": 1},
        )
    ]
    assert len(await bench.events(lease.job.id)) == 2
