"""Submitting: a row and its event in one transaction, the rest best effort, and limits that hold."""

import asyncio
import json

import pytest

from jobs.errors import NotFound, QueueFull
from jobs.policies import RETRY_AFTER_SECONDS
from tests.databases import Place
from tests.factories import Bench, open_bench
from tests.readers import LogReader, names


async def test_a_submitted_job_waits_in_the_queue_as_it_was_asked_for(bench: Bench) -> None:
    job_id = await bench.submit(request={"prompt": "a dog", "n": 2})

    view = await bench.service.get("alice", job_id)
    assert (view.job_id, view.kind, view.status, view.attempts) == (job_id, "image", "queued", 0)
    assert view.request == {"prompt": "a dog", "n": 2}
    assert view.created_at == bench.clock.now
    assert (view.started_at, view.finished_at, view.progress, view.result, view.error) == (None,) * 5


async def test_the_queued_event_is_written_with_the_job(bench: Bench) -> None:
    bench.server.connected = False

    job_id = await bench.submit()

    (event,) = await bench.events(job_id)
    assert (event.name, event.seq, event.is_terminal, event.owner) == ("generation_queued", 1, False, "alice")
    assert json.loads(event.payload) == {"jobId": job_id, "kind": "image", "queuePosition": 1}


async def test_a_refused_job_leaves_neither_row_nor_event_nor_wake_up(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=1) as bench:
        first = await bench.submit()
        bench.wake_ups.forget()

        with pytest.raises(QueueFull):
            await bench.submit()

        page = await bench.service.list("alice", status=None, kind=None, before=None, limit=10)
        assert [job.job_id for job in page.items] == [first]
        assert bench.wake_ups.sent == []


async def test_a_worker_of_the_kind_is_woken(bench: Bench) -> None:
    job_id = await bench.submit(kind="video")

    assert bench.wake_ups.sent == [("video", job_id)]


async def test_the_queued_event_is_told_and_marked(bench: Bench, reader: LogReader) -> None:
    job_id = await bench.submit()

    assert await reader.read() == [("generation_queued", {"jobId": job_id, "kind": "image", "queuePosition": 1})]
    (event,) = await bench.events(job_id)
    assert event.published_id == str(reader.cursor)


async def test_queue_positions_count_from_one_per_kind(bench: Bench, reader: LogReader) -> None:
    for kind in ("image", "image", "video"):
        await bench.submit(kind=kind)

    assert [payload["queuePosition"] for _, payload in await reader.read()] == [1, 2, 1]


async def test_an_upload_has_no_queued_event(bench: Bench) -> None:
    job_id = await bench.submit(kind="upload")

    assert await bench.events(job_id) == []


async def test_a_client_need_not_wait_for_redis(bench: Bench) -> None:
    bench.server.connected = False

    job_id = await bench.submit()

    assert (await bench.service.get("alice", job_id)).status == "queued"
    assert bench.wake_ups.sent == []


async def test_what_redis_missed_is_told_and_woken_by_the_sweeper_when_it_is_back(bench: Bench) -> None:
    bench.server.connected = False
    job_id = await bench.submit()
    bench.clock.advance(11)
    await bench.sweep()
    bench.server.connected = True
    reader = LogReader(bench.jobs.log, "alice")
    await reader.read()

    await bench.sweep()

    assert names(await reader.read()) == ["generation_queued"]
    assert bench.wake_ups.sent == [("image", job_id)]


@pytest.mark.parametrize("status", ["queued", "running", "cancelling"])
async def test_a_user_may_have_so_many_unfinished_jobs_whatever_they_do(place: Place, status: str) -> None:
    async with open_bench(place, max_queued_per_user=2) as bench:
        first, _ = await bench.submit_many(2)
        await bench.set_row(first, status=status)

        with pytest.raises(QueueFull) as caught:
            await bench.submit()
        await bench.submit(owner="bob")

        assert caught.value.retry_after == RETRY_AFTER_SECONDS


async def test_a_finished_job_makes_room(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=1) as bench:
        job_id = await bench.submit()
        await bench.service.cancel("alice", job_id)

        await bench.submit()


async def test_all_users_together_may_have_so_many_unfinished_jobs(place: Place) -> None:
    async with open_bench(place, max_queued=2) as bench:
        await bench.submit(owner="alice")
        await bench.submit(owner="bob")

        with pytest.raises(QueueFull):
            await bench.submit(owner="carol")


async def test_concurrent_submits_do_not_pass_the_limit(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=5) as bench:
        results = await asyncio.gather(*(bench.submit() for _ in range(20)), return_exceptions=True)

        assert sum(isinstance(result, QueueFull) for result in results) == 15


@pytest.mark.parametrize("job_id", ["nonsense", "", "00000000-0000-7000-8000-000000000000"])
async def test_an_id_that_no_job_has_is_not_found(bench: Bench, job_id: str) -> None:
    with pytest.raises(NotFound):
        await bench.service.get("alice", job_id)


async def test_the_job_of_another_owner_is_not_found_by_anything(bench: Bench) -> None:
    job_id = await bench.submit(owner="alice")

    for refused in (
        bench.service.get("bob", job_id),
        bench.service.ending("bob", job_id),
        bench.service.snapshot("bob", job_id),
        bench.service.cancel("bob", job_id),
        bench.service.delete("bob", job_id),
    ):
        with pytest.raises(NotFound):
            await refused

    assert (await bench.service.get("alice", job_id)).status == "queued"
