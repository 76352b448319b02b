"""The runner: every run of a job has one end, whatever becomes of it."""

import asyncio

import pytest

from actors.work import Refused, Run
from schema.problems import PROBLEMS
from storage.store import StorageFull, StorageUnavailable
from tests.factories import Bench, paths_in, put
from tests.integration.actors.runner_bench import RunnerBench


def raising(error: Exception) -> object:
    async def act(_run: Run) -> None:
        raise error

    return act


async def test_a_run_that_succeeds_puts_its_results_into_the_library(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()

    assert await at_work.run() == "succeeded"

    row = await bench.row(job_id)
    page = await bench.library.list("alice", prefix=None, kind=None, source=None, before=None, limit=10)
    assert (row.status, row.progress, row.attempts) == ("succeeded", 100, 1)
    assert [item.job_id for item in page.items] == [job_id]
    assert await bench.event_names(job_id) == ["generation_queued", "generation_started", "generation_complete"]
    assert at_work.runs("succeeded") == 1


async def test_a_wake_up_without_a_job_is_no_run(at_work: RunnerBench) -> None:
    assert await at_work.run() is None

    assert at_work.work.runs == []
    assert at_work.metrics.get_sample_value("media_run_seconds_count", {"model": ""}) is None


async def test_no_scratch_directory_outlives_the_runner(at_work: RunnerBench, bench: Bench) -> None:
    await bench.submit_many(2)
    await at_work.run()
    at_work.work.act = raising(RuntimeError())  # type: ignore[assignment]
    await at_work.run()

    await at_work.runner.drain(0)

    assert len(at_work.work.runs) == 2
    assert list(at_work.scratch.glob("job-*")) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("timeout", "The renderer took too long.", retryable=True), "timeout"),
        (StorageUnavailable("a path"), "dependency_unavailable"),
        (RuntimeError("a secret"), "internal_error"),
    ],
)
async def test_what_may_pass_is_tried_again_until_the_attempts_are_used_up(
    at_work: RunnerBench, bench: Bench, error: Exception, code: str
) -> None:
    job_id = await bench.submit()
    at_work.work.act = raising(error)  # type: ignore[assignment]

    endings, statuses = [], []
    for _ in range(3):
        endings.append(await at_work.run())
        statuses.append((await bench.row(job_id)).status)
        bench.clock.advance(60)

    assert endings == ["failed"] * 3
    assert statuses == ["queued", "queued", "failed"]
    row = await bench.row(job_id)
    assert (row.error["code"], row.attempts) == (code, 3)
    assert "secret" not in row.error["message"]
    assert (await bench.event_names(job_id))[-1] == "generation_failed"


@pytest.mark.parametrize(
    ("error", "code"),
    [(Refused("content_policy", "No.", retryable=False), "content_policy"), (StorageFull("x"), "storage_full")],
)
async def test_what_will_not_pass_fails_at_once(
    at_work: RunnerBench, bench: Bench, error: Exception, code: str
) -> None:
    job_id = await bench.submit()
    at_work.work.act = raising(error)  # type: ignore[assignment]

    assert await at_work.run() == "failed"

    row = await bench.row(job_id)
    assert (row.status, row.error["code"], row.attempts) == ("failed", code, 1)


async def test_a_mistake_of_ours_is_told_by_the_catalogue_alone(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()
    at_work.work.act = raising(KeyError("/srv/secret"))  # type: ignore[assignment]
    await bench.set_row(job_id, max_attempts=1)

    await at_work.run()

    assert (await bench.row(job_id)).error["message"] == PROBLEMS["internal_error"].title


async def test_a_job_that_is_cancelled_at_work_is_stopped_and_its_objects_go(
    at_work: RunnerBench, bench: Bench
) -> None:
    job_id = await bench.submit()

    async def store_and_wait(run: Run) -> None:
        await put(bench.store, f"media/alice/images/{run.job.id}_5.png")
        at_work.work.began.set()
        await asyncio.Event().wait()

    at_work.work.act = store_and_wait
    running = at_work.start()
    await at_work.work.began.wait()

    await bench.service.cancel("alice", job_id)
    at_work.cancellation.stop(job_id)

    assert await running == "cancelled"
    await bench.settle()
    assert (await bench.row(job_id)).status == "cancelled"
    assert await paths_in(bench.store) == []
    assert (await bench.event_names(job_id))[-1] == "generation_failed"


async def test_a_cancel_behind_the_last_unit_still_counts(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()

    async def cancel(run: Run) -> None:
        await bench.service.cancel("alice", run.job.id)

    at_work.work.act = cancel

    assert await at_work.run() == "cancelled"
    assert (await bench.row(job_id)).status == "cancelled"
    assert await paths_in(bench.store) == []


async def test_a_cancel_wins_over_a_failure(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()

    async def cancel_and_fail(run: Run) -> None:
        await bench.service.cancel("alice", run.job.id)
        raise RuntimeError

    at_work.work.act = cancel_and_fail

    assert await at_work.run() == "cancelled"
    assert (await bench.row(job_id)).error["code"] == "cancelled"


async def test_a_job_that_is_cancelled_while_it_waits_at_the_gate_never_begins(
    at_work: RunnerBench, bench: Bench
) -> None:
    at_work.work.act = at_work.work.wait
    await bench.submit()
    first = at_work.start()
    await at_work.work.began.wait()
    suspect = await bench.submit()
    await bench.set_row(suspect, lost_workers=2)
    second = at_work.start()
    await at_work.claimed(suspect)

    await bench.service.cancel("alice", suspect)
    at_work.cancellation.stop(suspect)

    assert await second == "cancelled"
    assert len(at_work.work.runs) == 1
    at_work.work.may_end.set()
    assert await first == "succeeded"


async def test_a_suspect_runs_alone(at_work: RunnerBench, bench: Bench) -> None:
    at_work.work.act = at_work.work.wait
    await bench.submit()
    first = at_work.start()
    await at_work.work.began.wait()
    suspect = await bench.submit()
    await bench.set_row(suspect, lost_workers=2)
    second = at_work.start()
    await at_work.claimed(suspect)
    assert len(at_work.work.runs) == 1

    at_work.work.may_end.set()

    assert (await first, await second) == ("succeeded", "succeeded")


async def test_a_run_that_lost_its_lease_changes_nothing(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()
    at_work.work.act = at_work.work.wait
    zombie = at_work.start()
    await at_work.work.began.wait()
    await bench.lapse()
    winner = await bench.claim()

    at_work.work.may_end.set()

    assert await zombie == "lost"
    row = await bench.row(job_id)
    assert (row.status, row.lease_token) == ("running", winner.token)
    assert await bench.event_names(job_id) == ["generation_queued", "generation_started"]


@pytest.mark.parametrize("error", [RuntimeError(), Refused("timeout", "x", retryable=True)])
async def test_a_failure_of_a_run_that_lost_its_lease_changes_nothing(
    at_work: RunnerBench, bench: Bench, error: Exception
) -> None:
    job_id = await bench.submit()

    async def fail_late(run: Run) -> None:
        await at_work.work.wait(run)
        raise error

    at_work.work.act = fail_late
    zombie = at_work.start()
    await at_work.work.began.wait()
    await bench.lapse()
    winner = await bench.claim()

    at_work.work.may_end.set()

    assert await zombie == "lost"
    assert (await bench.row(job_id)).lease_token == winner.token


async def test_a_process_that_shuts_down_lets_short_work_end(at_work: RunnerBench, bench: Bench) -> None:
    await bench.submit()
    at_work.work.act = at_work.work.wait
    running = at_work.start()
    await at_work.work.began.wait()

    draining = asyncio.create_task(at_work.runner.drain(30))
    at_work.work.may_end.set()
    await draining

    assert await running == "succeeded"


async def test_a_process_that_shuts_down_gives_long_work_back_and_the_attempt_does_not_count(
    at_work: RunnerBench, bench: Bench
) -> None:
    job_id = await bench.submit()
    at_work.work.act = at_work.work.wait
    running = at_work.start()
    await at_work.work.began.wait()

    await at_work.runner.drain(0)

    assert await running == "released"
    row = await bench.row(job_id)
    assert (row.status, row.attempts, row.claims) == ("queued", 0, 1)


async def test_a_process_that_shuts_down_takes_nothing_new(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()
    await at_work.runner.drain(0)

    assert await at_work.run() is None
    assert (await bench.row(job_id)).status == "queued"


async def test_a_job_that_was_cancelled_and_shut_down_is_cancelled(at_work: RunnerBench, bench: Bench) -> None:
    job_id = await bench.submit()
    at_work.work.act = at_work.work.wait
    running = at_work.start()
    await at_work.work.began.wait()
    await bench.service.cancel("alice", job_id)

    await at_work.runner.drain(0)

    assert await running == "cancelled"


async def test_work_that_is_not_done_by_the_deadline_is_stopped_and_has_failed(
    at_work: RunnerBench, bench: Bench
) -> None:
    at_work.work.act = at_work.work.wait
    job_id = await bench.submit(request={"deadlineSeconds": 60})
    bench.clock.advance(59.95)

    assert await at_work.run() == "failed"

    row = await bench.row(job_id)
    assert (row.status, row.error["code"], row.attempts) == ("failed", "deadline_exceeded", 1)
    assert await paths_in(bench.store) == []
    assert at_work.runs("failed") == 1
