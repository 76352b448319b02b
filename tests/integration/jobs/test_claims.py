"""Claims: every job to one worker, numbered, and announced once."""

import asyncio
import contextlib
from datetime import timedelta

from jobs.database import DatabaseUnavailable
from jobs.job import Lease
from jobs.repositories.queue import CLAIM_WINDOW
from tests.databases import Place
from tests.factories import LEASE_SECONDS, Bench, make_failure, open_bench
from tests.readers import LogReader


async def claimed(bench: Bench) -> Lease | None:
    """Claim, again where so many at once wait longer for a connection than anybody does."""
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            return await bench.leases.claim("image")


def job_ids(leases: list[Lease | None]) -> list[str]:
    return [lease.job.id for lease in leases if lease is not None]


async def test_a_claim_without_a_queued_job_gives_nothing(bench: Bench) -> None:
    assert await bench.leases.claim("image") is None


async def test_a_claim_lends_the_job_and_says_which_run_it_is(bench: Bench) -> None:
    job_id = await bench.submit()

    lease = await bench.claim()

    job = lease.job
    assert (job.id, job.status, job.claims, job.attempts, job.lost_workers) == (job_id, "running", 1, 1, 0)
    assert job.started_at == bench.clock.now
    row = await bench.row(job_id)
    assert row.lease_token == lease.token
    assert row.lease_until == bench.clock.now + timedelta(seconds=LEASE_SECONDS)


async def test_twenty_concurrent_claims_never_give_one_of_ten_jobs_twice(bench: Bench) -> None:
    submitted = await bench.submit_many(10)

    leases = await asyncio.gather(*(claimed(bench) for _ in range(20)))

    assert sorted(job_ids(leases)) == sorted(submitted)
    assert leases.count(None) == 10


async def test_claims_of_several_processes_never_give_a_job_twice(bench: Bench, place: Place) -> None:
    submitted = await bench.submit_many(10)

    async with open_bench(place, server=bench.server, clock=bench.clock) as other:
        leases = await asyncio.gather(*(claimed(each) for each in (bench, other) * 10))

    assert sorted(job_ids(leases)) == sorted(submitted)


async def test_no_claim_goes_empty_while_jobs_are_queued_however_many_come_at_once(bench: Bench) -> None:
    count = CLAIM_WINDOW + 4
    submitted = await bench.submit_many(count)

    leases = await asyncio.gather(*(claimed(bench) for _ in range(count)))

    assert sorted(job_ids(leases)) == sorted(submitted)


async def test_every_claim_has_a_token_of_its_own(bench: Bench) -> None:
    await bench.submit_many(2)

    assert (await bench.claim()).token != (await bench.claim()).token


async def test_the_first_claim_is_told_as_the_start(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()

    await reader.read()
    assert reader.names_of(lease.job.id) == ["generation_queued", "generation_started"]


async def test_a_claim_after_a_retry_counts_and_is_not_told_again(bench: Bench) -> None:
    first = await bench.start()
    await bench.leases.fail(first, make_failure())
    bench.clock.advance(60)

    second = await bench.claim()

    assert (second.job.claims, second.job.attempts) == (2, 2)
    assert second.job.started_at == first.job.started_at
    assert await bench.event_names(second.job.id) == ["generation_queued", "generation_started"]


async def test_a_claim_after_a_release_is_another_run_of_the_same_attempt_and_not_told_again(bench: Bench) -> None:
    first = await bench.start()
    assert await bench.leases.release(first)

    second = await bench.claim()

    assert (second.job.claims, second.job.attempts, second.job.lost_workers) == (2, 1, 0)
    assert await bench.event_names(second.job.id) == ["generation_queued", "generation_started"]


async def test_a_claim_after_a_lapse_counts_and_is_not_told_again(bench: Bench) -> None:
    await bench.start()
    await bench.lapse()

    second = await bench.claim()

    assert (second.job.claims, second.job.attempts, second.job.lost_workers) == (2, 2, 1)
    assert await bench.event_names(second.job.id) == ["generation_queued", "generation_started"]


async def test_a_new_run_begins_without_the_progress_of_the_one_before(bench: Bench) -> None:
    first = await bench.start()
    await bench.leases.heartbeat(first, 40.0, "tile 4 of 10")
    await bench.leases.release(first)

    second = await bench.claim()

    assert (second.job.progress, second.job.message) == (None, None)


async def test_a_job_whose_bytes_are_not_there_is_not_claimed(bench: Bench) -> None:
    job_id = await bench.submit(kind="upload")
    await bench.set_row(job_id, run_at=None)

    assert await bench.leases.claim("upload") is None
