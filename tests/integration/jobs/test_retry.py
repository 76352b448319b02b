"""Attempts that fail: tried again later where that can help, and never more often than allowed."""

from datetime import timedelta

import pytest

from jobs.policies import FIRST_RETRY_SECONDS
from tests.databases import Place
from tests.factories import LEASE_SECONDS, Bench, make_failure, open_bench, paths_in
from tests.readers import LogReader, names

pytestmark = pytest.mark.places("sqlite", "cockroachdb")


async def test_a_failure_that_may_pass_puts_the_job_back_with_a_pause_within_its_bounds(bench: Bench) -> None:
    leases = [await bench.start(owner=f"user{number}") for number in range(20)]

    for lease in leases:
        assert await bench.leases.fail(lease, make_failure())

    pauses = [(await bench.row(lease.job.id)).run_at - bench.clock.now for lease in leases]
    assert all(timedelta() < pause <= timedelta(seconds=2 * FIRST_RETRY_SECONDS) for pause in pauses)
    assert len(set(pauses)) == 20


async def test_a_job_that_waits_for_its_retry_is_not_claimed_before_its_time(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.fail(lease, make_failure(retry_after=40))

    bench.clock.advance(39.9)
    too_early = await bench.leases.claim("image")
    bench.clock.advance(0.2)
    in_time = await bench.leases.claim("image")

    assert too_early is None
    assert in_time is not None
    assert in_time.job.id == lease.job.id


async def test_the_other_sides_retry_after_is_respected(bench: Bench) -> None:
    lease = await bench.start()

    await bench.leases.fail(lease, make_failure("rate_limited", retry_after=90))

    assert (await bench.row(lease.job.id)).run_at == bench.clock.now + timedelta(seconds=90)


async def test_a_job_that_waits_for_its_retry_is_queued_without_lease_progress_or_error(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.heartbeat(lease, 50.0, "half")

    await bench.leases.fail(lease, make_failure())

    view = await bench.service.get("alice", lease.job.id)
    assert (view.status, view.progress, view.message, view.error, view.attempts) == ("queued", None, None, None, 1)
    assert (await bench.row(lease.job.id)).lease_token is None


async def test_a_retry_tells_nothing(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()
    await reader.read()

    await bench.leases.fail(lease, make_failure())
    await bench.settle()

    assert await reader.read() == []


async def test_a_worker_is_woken_when_a_retry_is_due_and_not_before(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.fail(lease, make_failure(retry_after=40))
    bench.wake_ups.forget()

    bench.clock.advance(39)
    await bench.sweep()
    before = bench.wake_ups.forget()
    bench.clock.advance(2)
    await bench.sweep()

    assert before == []
    assert bench.wake_ups.sent == [("image", lease.job.id)]


async def test_the_last_attempts_failure_is_the_jobs(place: Place) -> None:
    async with open_bench(place, max_attempts=2) as bench:
        first = await bench.start()
        await bench.leases.fail(first, make_failure())
        bench.clock.advance(60)
        second = await bench.claim()

        assert await bench.leases.fail(second, make_failure("timeout"))

        view = await bench.service.get("alice", first.job.id)
        assert view.status == "failed"
        assert view.attempts == 2
        assert view.error is not None
        assert (view.error.code, view.error.retryable) == ("timeout", True)


async def test_a_failure_that_will_not_pass_is_the_jobs_at_once(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()
    await reader.read()

    assert await bench.leases.fail(lease, make_failure("content_policy", retryable=False))
    await bench.settle()

    ((name, payload),) = await reader.read()
    assert name == "generation_failed"
    assert (payload["jobId"], payload["code"], payload["retryable"]) == (lease.job.id, "content_policy", False)
    assert (await bench.row(lease.job.id)).status == "failed"


async def test_a_failed_upload_is_told_by_an_uploads_event(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start(kind="upload", request={"objectPath": "media/alice/upload-1/cat.jpg"})

    await bench.leases.fail(lease, make_failure("content_mismatch", retryable=False))
    await bench.settle()

    assert names(await reader.read()) == ["upload_failed"]


async def test_the_outputs_of_a_failed_job_are_gone_before_its_end_is_told(bench: Bench) -> None:
    lease = await bench.start()
    await bench.make(lease, count=2)

    await bench.leases.fail(lease, make_failure(retryable=False))

    assert await paths_in(bench.store) == []


async def test_what_a_lost_worker_stores_after_the_next_one_failed_goes_later(bench: Bench) -> None:
    zombie = await bench.start()
    await bench.lapse()
    await bench.leases.fail(await bench.claim(), make_failure(retryable=False))
    await bench.make(zombie)

    bench.clock.advance(LEASE_SECONDS)
    await bench.sweep()

    assert await paths_in(bench.store) == []


async def test_what_a_failed_job_has_in_the_library_stays(bench: Bench) -> None:
    lease = await bench.start()
    kept, _ = await bench.make(lease, count=2)
    await bench.insert_media(kept)

    await bench.leases.fail(lease, make_failure(retryable=False))

    assert await paths_in(bench.store) == [kept.path]


async def test_what_an_attempt_stored_stays_while_the_job_is_tried_again(bench: Bench) -> None:
    lease = await bench.start()
    (output,) = await bench.make(lease)

    await bench.leases.fail(lease, make_failure())
    await bench.sweep()

    assert await paths_in(bench.store) == [output.path]


async def test_a_release_counts_no_attempt_and_can_be_claimed_at_once(place: Place) -> None:
    async with open_bench(place, max_attempts=1) as bench:
        lease = await bench.start()

        for _ in range(5):
            assert await bench.leases.release(lease)
            lease = await bench.claim()

        assert (lease.job.attempts, lease.job.claims) == (1, 6)


@pytest.mark.parametrize("retry_after", [None, 5.0])
async def test_attempts_count_across_releases(place: Place, retry_after: float | None) -> None:
    async with open_bench(place, max_attempts=2) as bench:
        await bench.leases.fail(await bench.start(), make_failure(retry_after=retry_after))
        bench.clock.advance(60)
        await bench.leases.release(await bench.claim())
        last = await bench.claim()

        await bench.leases.fail(last, make_failure())

        assert (await bench.row(last.job.id)).status == "failed"
