"""The operator's work on rows alone: the sweeper of a running process tells and wakes what follows from it."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.clock import BoundTime
from jobs.errors import NotFound
from jobs.operating import NotRepeatable, Operator, operator_of
from schema.settings import Settings
from tests.factories import LEASE_SECONDS, Bench, make_failure, paths_in
from tests.readers import LogReader

pytestmark = pytest.mark.places("sqlite", "cockroachdb")

NOBODYS = "01a20000-0000-7000-8000-000000000000"
EVERYTHING: dict[str, Any] = {"owner": None, "status": None, "kind": None, "before": None}


@pytest.fixture
def operator(bench: Bench) -> Operator:
    settings = Settings(lease_seconds=LEASE_SECONDS, max_queued_per_user=1)
    return operator_of(settings, bench.database, bench.clock, BoundTime(bench.clock))


async def fail(bench: Bench) -> str:
    lease = await bench.start()
    await bench.leases.fail(lease, make_failure("invalid_input", retryable=False))
    return lease.job.id


async def test_the_jobs_of_everybody_are_listed_newest_first_and_by_pages(bench: Bench, operator: Operator) -> None:
    ids = [await bench.submit(owner) for owner in ("alice", "bob", "carol")]

    first = await operator.list(**EVERYTHING, limit=2)
    rest = await operator.list(**(EVERYTHING | {"before": first[-1].id}), limit=2)

    assert [job.id for job in (*first, *rest)] == ids[::-1]


async def test_jobs_are_listed_by_user_status_and_kind(bench: Bench, operator: Operator) -> None:
    failed = await fail(bench)
    await bench.submit("bob")
    video = await bench.submit("bob", "video")

    by_status = await operator.list(**(EVERYTHING | {"status": "failed"}), limit=9)
    by_kind = await operator.list(**(EVERYTHING | {"owner": "bob", "kind": "video"}), limit=9)

    assert [job.id for job in by_status] == [failed]
    assert [job.id for job in by_kind] == [video]


async def test_a_dossier_has_the_place_the_events_and_the_media_of_a_job(bench: Bench, operator: Operator) -> None:
    media = await bench.succeed(await bench.start())
    waiting = await bench.submit("bob")

    done, queued = await operator.show(media[0].job_id or ""), await operator.show(waiting)

    assert [event.name for event in done.events] == ["generation_queued", "generation_started", "generation_complete"]
    assert (done.place, [each.path for each in done.media]) == (None, [media[0].path])
    assert (queued.place, queued.job.owner, queued.media) == (1, "bob", [])


async def test_a_queued_job_is_cancelled_and_a_sweep_tells_it(
    bench: Bench, operator: Operator, reader: LogReader
) -> None:
    job_id = await bench.submit()

    job = await operator.cancel(job_id)
    bench.clock.advance(3)
    await bench.sweep()

    assert job.status == "cancelled"
    await reader.read()
    assert reader.names_of(job_id) == ["generation_queued", "generation_failed"]


async def test_a_running_job_is_stopped_by_its_worker_and_leaves_nothing(bench: Bench, operator: Operator) -> None:
    lease = await bench.start()
    await bench.make(lease)

    job = await operator.cancel(lease.job.id)
    await bench.leases.stop(lease)

    assert job.status == "cancelling"
    assert (await operator.cancel(job.id)).status == "cancelled"
    assert await paths_in(bench.store) == []


async def test_a_failed_job_is_done_again_by_a_job_that_names_it(
    bench: Bench, operator: Operator, reader: LogReader
) -> None:
    failed = await fail(bench)
    before = await bench.events(failed)
    await bench.submit()

    bench.wake_ups.forget()
    again = await operator.requeue(failed)
    bench.clock.advance(3)
    await bench.sweep()

    first, second = await operator.show(failed), await operator.show(again)
    assert (second.job.owner, second.job.request, second.job.status) == ("alice", first.job.request, "queued")
    assert second.job.origin == {"repeats": failed}
    assert again in bench.wake_ups.forget()
    assert [event.id for event in await bench.events(failed)] == [event.id for event in before]
    await reader.read()
    assert reader.names_of(again) == ["generation_queued"]


async def test_what_has_not_failed_is_not_done_again(bench: Bench, operator: Operator) -> None:
    (done,) = await bench.succeed(await bench.start())
    waiting = await bench.submit()

    for job_id, why in ((done.job_id or "", "succeeded"), (waiting, "queued")):
        with pytest.raises(NotRepeatable, match=f"the job is {why}"):
            await operator.requeue(job_id)


async def test_an_erasure_is_not_done_again_for_it_would_remove_what_was_made_since(
    bench: Bench, operator: Operator
) -> None:
    job_id = await bench.submit(kind="erasure")
    await operator.cancel(job_id)

    with pytest.raises(NotRepeatable, match="an erasure can't be done again"):
        await operator.requeue(job_id)


@pytest.mark.parametrize("job_id", [NOBODYS, "no id", "1' OR '1'='1"])
async def test_a_job_that_is_not_there_is_not_found(operator: Operator, job_id: str) -> None:
    for work in (operator.show, operator.cancel, operator.requeue):
        with pytest.raises(NotFound):
            await work(job_id)


async def test_the_media_of_everybody_are_listed_or_of_one(bench: Bench, operator: Operator) -> None:
    (first,) = await bench.succeed(await bench.start())
    (second,) = await bench.succeed(await bench.start(owner="bob"))
    question: dict[str, Any] = {"kind": None, "source": None, "before": None, "limit": 9}

    everybodys = await operator.media(owner=None, **question)
    bobs = await operator.media(owner="bob", **question)

    assert [each.path for each in everybodys] == [second.path, first.path]
    assert bobs == [replace(second, id=bobs[0].id)]
