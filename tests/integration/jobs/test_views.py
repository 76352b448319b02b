"""Jobs as their owners see them: rows, results that still live, and progress of the run that is under way."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import BoundTime
from jobs.errors import JobNotFinished, NotFound
from jobs.ids import new_id
from jobs.job import NewJob
from jobs.repositories.jobs import JobRepository
from jobs.service import SNAPSHOT_JOBS
from schema.responses import JobStatus, JobView
from tests.factories import LEASE_SECONDS, Bench, make_failure

pytestmark = pytest.mark.places("sqlite", "cockroachdb")

MINUTE = 60


async def view(bench: Bench, job_id: str) -> JobView:
    return await bench.service.get("alice", job_id)


async def result_paths(bench: Bench, job_id: str) -> list[str]:
    result = (await view(bench, job_id)).model_dump(mode="json", by_alias=True)["result"]
    return [item["path"] for item in result["media"]]


async def insert_jobs(bench: Bench, count: int) -> None:
    """Queue jobs in one transaction."""
    repository = JobRepository(BoundTime(bench.clock))

    async def work(connection: AsyncConnection) -> None:
        for _ in range(count):
            await repository.insert(connection, NewJob(new_id(), "alice", "image", {}, 3, {}))

    await bench.database.transaction(work)


async def test_a_running_job_shows_what_was_told_last(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.heartbeat(lease, 10.0, "tile 1")

    await bench.leases.tell_progress(lease, 30.0, "tile 3")

    shown = await view(bench, lease.job.id)
    assert (shown.status, shown.progress, shown.message) == ("running", 30.0, "tile 3")


async def test_a_running_job_of_which_nothing_was_told_shows_its_row(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.heartbeat(lease, 10.0, "tile 1")

    shown = await view(bench, lease.job.id)
    assert (shown.progress, shown.message) == (10.0, "tile 1")


async def test_without_redis_the_row_is_shown(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.tell_progress(lease, 30.0, "tile 3")
    await bench.leases.heartbeat(lease, 10.0, "tile 1")
    bench.server.connected = False

    assert (await view(bench, lease.job.id)).progress == 10.0


async def test_the_progress_of_a_run_before_is_not_shown(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.tell_progress(lease, 80.0, "tile 8")
    await bench.leases.release(lease)

    queued = await view(bench, lease.job.id)
    await bench.claim()
    running = await view(bench, lease.job.id)

    assert (queued.progress, queued.message) == (running.progress, running.message) == (None, None)


async def test_a_job_that_is_being_cancelled_still_shows_how_far_it_is(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.tell_progress(lease, 80.0, "tile 8")

    cancelled = await bench.service.cancel("alice", lease.job.id)

    assert (cancelled.status, cancelled.progress) == ("cancelling", 80.0)


async def test_a_failed_job_keeps_how_far_it_came(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.heartbeat(lease, 40.0, "tile 4")
    await bench.leases.tell_progress(lease, 50.0, "tile 5")

    await bench.leases.fail(lease, make_failure(retryable=False))

    assert (await view(bench, lease.job.id)).progress == 40.0


async def test_results_come_in_the_order_of_the_outputs(bench: Bench) -> None:
    lease = await bench.start()
    media = await bench.make(lease, count=3)

    await bench.leases.succeed(lease, list(reversed(media)))

    assert await result_paths(bench, lease.job.id) == [each.path for each in media]


async def test_a_deleted_result_is_no_longer_part_of_its_job(bench: Bench) -> None:
    lease = await bench.start()
    first, second = await bench.succeed(lease, count=2)

    await bench.library.delete("alice", first.path)
    one_left = await result_paths(bench, lease.job.id)
    await bench.library.delete("alice", second.path)

    assert one_left == [second.path]
    assert await result_paths(bench, lease.job.id) == []


async def test_the_results_of_a_page_of_jobs_are_each_jobs_own(bench: Bench) -> None:
    made = {}
    for count in (2, 1, 3):
        lease = await bench.start()
        made[lease.job.id] = [each.path for each in await bench.succeed(lease, count)]

    page = await bench.service.list("alice", status="succeeded", kind=None, before=None, limit=10)

    shown = {
        job.job_id: [item["path"] for item in job.model_dump(by_alias=True)["result"]["media"]] for job in page.items
    }
    assert shown == made


async def test_only_a_succeeded_job_has_a_result(bench: Bench) -> None:
    lease = await bench.start()
    await bench.make(lease)

    assert (await view(bench, lease.job.id)).result is None


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
async def test_pages_of_jobs_together_are_all_jobs_newest_first(bench: Bench, limit: int) -> None:
    submitted = await bench.submit_many(5)

    seen: list[str] = []
    cursor = None
    while True:
        page = await bench.service.list("alice", status=None, kind=None, before=cursor, limit=limit)
        seen += [job.job_id for job in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == submitted[::-1]


@pytest.mark.parametrize(("status", "count"), [("queued", 1), ("running", 1), ("succeeded", 0)])
async def test_jobs_are_filtered_by_status_and_kind(bench: Bench, status: JobStatus, count: int) -> None:
    await bench.start()
    await bench.submit(kind="image")
    await bench.submit(kind="video")

    page = await bench.service.list("alice", status=status, kind="image", before=None, limit=10)

    assert [job.status for job in page.items] == [status] * count


async def test_a_snapshot_has_what_is_unfinished_and_what_finished_lately_newest_first(bench: Bench) -> None:
    unfinished = await bench.submit(kind="video")
    await bench.succeed(await bench.start())
    bench.clock.advance(15 * MINUTE)
    lately = (await bench.succeed(await bench.start()))[0].job_id
    bench.clock.advance(14 * MINUTE)

    snapshot = await bench.service.snapshot("alice")

    assert [job.job_id for job in snapshot.jobs] == [lately, unfinished]
    assert not snapshot.truncated


async def test_a_snapshot_is_cut_off_and_says_so(bench: Bench) -> None:
    await insert_jobs(bench, SNAPSHOT_JOBS + 1)

    snapshot = await bench.service.snapshot("alice")

    assert len(snapshot.jobs) == SNAPSHOT_JOBS
    assert snapshot.truncated


async def test_a_snapshot_of_one_job_has_it_however_old_it_is(bench: Bench) -> None:
    job_id = await bench.submit()
    await bench.submit()
    await bench.service.cancel("alice", job_id)
    bench.clock.advance(60 * MINUTE)

    snapshot = await bench.service.snapshot("alice", job_id)

    assert [job.job_id for job in snapshot.jobs] == [job_id]


async def test_a_finished_job_is_forgotten_and_its_media_stay(bench: Bench) -> None:
    (media,) = await bench.succeed(await bench.start())
    assert media.job_id is not None

    await bench.service.delete("alice", media.job_id)

    with pytest.raises(NotFound):
        await bench.service.get("alice", media.job_id)
    assert await bench.events(media.job_id) == []
    assert (await bench.library.get("alice", media.path)).job_id == media.job_id


async def test_an_unfinished_job_is_not_forgotten(bench: Bench) -> None:
    queued = await bench.submit(kind="video")
    running = (await bench.start()).job.id
    cancelling = (await bench.start()).job.id
    await bench.service.cancel("alice", cancelling)

    for job_id in (queued, running, cancelling):
        with pytest.raises(JobNotFinished):
            await bench.service.delete("alice", job_id)


async def test_the_terminal_event_of_a_job_is_there_once_it_has_ended(bench: Bench) -> None:
    lease = await bench.start()
    before = await bench.service.ending("alice", lease.job.id)
    await bench.succeed(lease)

    after = await bench.service.ending("alice", lease.job.id)

    assert before is None
    assert after is not None
    assert (after.name, after.is_terminal) == ("generation_complete", True)


async def test_a_lost_workers_progress_is_not_shown_for_the_next(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.tell_progress(lease, 80.0, "tile 8")
    bench.clock.advance(LEASE_SECONDS + 1)
    await bench.sweep()
    second = await bench.claim()

    await bench.leases.tell_progress(second, 5.0, "tile 1")
    await bench.leases.tell_progress(lease, 90.0, "tile 9")

    assert (await view(bench, lease.job.id)).progress == 5.0


async def test_snapshots_asked_for_at_once_are_each_owners_own(bench: Bench) -> None:
    first, second = await bench.submit_many(2, "alice")
    his = await bench.submit(owner="bob")
    owners = ["alice", "bob", "carol", "alice"]

    snapshots = await asyncio.gather(*map(bench.service.snapshot, owners))

    assert [[job.job_id for job in each.jobs] for each in snapshots] == [[second, first], [his], [], [second, first]]
    assert not any(each.truncated for each in snapshots)


async def test_the_many_jobs_of_one_owner_take_no_room_in_anothers_snapshot(bench: Bench) -> None:
    await insert_jobs(bench, SNAPSHOT_JOBS + 1)
    his = await bench.submit(owner="bob")

    hers, others = await asyncio.gather(*map(bench.service.snapshot, ("alice", "bob")))

    assert (len(hers.jobs), hers.truncated) == (SNAPSHOT_JOBS, True)
    assert ([job.job_id for job in others.jobs], others.truncated) == ([his], False)
