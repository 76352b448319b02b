"""Cancelling: at once in the queue, at the next step when at work, and nothing stays behind."""

import asyncio
from pathlib import Path

import pytest

from tests.acceptance.client import BIG, SMALL, Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import in_process
from tests.acceptance.stores import GatedStore, standalone_on

CANCELLED = {"code": "cancelled", "retryable": False}


async def cancel(client: Client, job_id: str) -> tuple[int, str]:
    answer = await client.post(f"/jobs/{job_id}/cancel")
    return answer.status, answer.json["status"]


async def test_a_queued_job_is_cancelled_at_once(tmp_path: Path) -> None:
    async with in_process(tmp_path, worker_threads=1) as service:
        alice = service.client()
        await alice.at_work()
        waiting = await alice.generate()

        assert (await alice.job(waiting))["queuePosition"] == 1
        assert await cancel(alice, waiting) == (200, "cancelled")
        async with alice.stream(f"/jobs/{waiting}/events") as stream:
            events = await stream.rest()
        job = await alice.job(waiting)

    assert events[-1].name == "generation_failed"
    assert "generation_started" not in [event.name for event in events]
    assert (job["status"], job["startedAt"], job["attempts"]) == ("cancelled", None, 0)
    assert {name: job["error"][name] for name in CANCELLED} == CANCELLED


async def test_a_running_job_is_stopped_within_a_second_and_leaves_nothing(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        async with alice.stream() as stream:
            await stream.until("snapshot")
            # The first picture is stored while the second one is still far from done.
            job_id = await alice.generate(**(BIG | {"width": 512, "height": 512}))
            async for event in stream:
                if event.name == "generation_progress" and event.data["progress"] > 100 / 8 + 1:
                    break
            assert await service.stored("media/") == [f"media/{alice.user}/images/{job_id}_0.png"]

            async with asyncio.timeout(1):
                assert await cancel(alice, job_id) == (202, "cancelling")
                ending = (await stream.until("generation_failed"))[-1]

        assert (ending.data["jobId"], ending.data["code"]) == (job_id, "cancelled")
        assert await service.stored() == []
        assert await alice.media() == []
        job = await alice.job(job_id)
        assert (job["status"], job["result"]) == ("cancelled", None)


async def test_cancelling_again_changes_nothing(alice: Client) -> None:
    job_id = await alice.at_work()

    answers = [await cancel(alice, job_id) for _ in range(3)]
    ending = await alice.ending_of(job_id)
    late = await cancel(alice, job_id)

    assert answers[0] == (202, "cancelling")
    assert set(answers[1:]) <= {(202, "cancelling"), (200, "cancelled")}
    assert ending.data["code"] == "cancelled"
    assert late == (200, "cancelled")


async def test_cancelling_at_the_same_time_ends_the_job_once(alice: Client) -> None:
    async with alice.stream() as stream:
        begin = (await stream.next()).id
    job_id = await alice.at_work()

    await asyncio.gather(*(cancel(alice, job_id) for _ in range(10)))
    await alice.ending_of(job_id)
    sentinel = await alice.picture()

    async with alice.stream(last_event_id=begin) as stream:
        events = await stream.until("generation_complete")
    assert events[-1].data["jobId"] == sentinel["jobId"]
    assert [event.name for event in events].count("generation_failed") == 1


async def test_a_finished_job_stays_as_it_is(alice: Client) -> None:
    item = await alice.picture()

    assert await cancel(alice, item["jobId"]) == (200, "succeeded")
    assert await alice.media() == [item]


@pytest.mark.parametrize("state", ["queued", "running"])
async def test_an_unfinished_job_cannot_be_deleted(tmp_path: Path, state: str) -> None:
    async with in_process(tmp_path, worker_threads=1) as service:
        alice = service.client()
        running = await alice.at_work()
        job_id = running if state == "running" else await alice.generate()

        answer = await alice.delete(f"/jobs/{job_id}")

        assert_problem(answer, 409, "job_not_finished")
        assert (await alice.job(job_id))["status"] == state


async def test_the_end_of_a_job_is_heard_though_it_is_deleted_before_its_worker_tells_it(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(GatedStore)) as service:
        slow = service.client("slow")
        job_id = await slow.at_work()

        async with asyncio.timeout(20), slow.stream(f"/jobs/{job_id}/events") as stream:
            await cancel(slow, job_id)
            # The worker wants to remove what the job stored, and then to tell: the gate keeps it from both for a while.
            while (await slow.delete(f"/jobs/{job_id}")).status != 204:
                pass
            told = await stream.rest()

        assert (told[-1].name, told[-1].data["code"]) == ("generation_failed", "cancelled")


async def test_a_user_may_have_so_many_unfinished_jobs_and_no_more(tmp_path: Path) -> None:
    async with in_process(tmp_path, worker_threads=1, max_queued_per_user=2) as service:
        alice, bob = service.client(), service.client()
        await alice.at_work()
        waiting = await alice.generate()

        refused = await alice.post("/generate/image", SMALL, **{"Idempotency-Key": "once-more"})
        other = await bob.post("/generate/image", SMALL)
        await cancel(alice, waiting)
        accepted = await alice.post("/generate/image", SMALL, **{"Idempotency-Key": "once-more"})

        assert_problem(refused, 429, "queue_full")
        assert int(refused.headers["Retry-After"]) > 0
        assert (other.status, accepted.status) == (202, 202)
        assert "Idempotency-Replayed" not in accepted.headers


async def test_all_users_together_may_have_so_many_unfinished_jobs(tmp_path: Path) -> None:
    async with in_process(tmp_path, worker_threads=1, max_queued=2) as service:
        await service.client().at_work()
        await service.client().generate()

        assert_problem(await service.client().post("/generate/image", SMALL), 429, "queue_full")


async def test_jobs_wait_in_turn_so_that_nobody_is_kept_out(tmp_path: Path) -> None:
    async with in_process(tmp_path, worker_threads=1) as service:
        alice, bob = service.client(), service.client()
        await alice.at_work()
        his = [await alice.generate() for _ in range(3)]
        hers = await bob.generate()

        places = [(await alice.job(job_id))["queuePosition"] for job_id in his]
        assert (await bob.job(hers))["queuePosition"] == 1
        assert places == [2, 3, 4]


async def test_jobs_are_listed_newest_first_and_narrowed(tmp_path: Path) -> None:
    async with in_process(tmp_path, worker_threads=1) as service:
        alice = service.client()
        running = await alice.at_work()
        waiting = [await alice.generate() for _ in range(2)]
        await cancel(alice, waiting[0])

        async def listed(query: str) -> list[str]:
            return [job["jobId"] for job in (await alice.get(f"/jobs?{query}")).json["items"]]

        assert await listed("") == [waiting[1], waiting[0], running]
        assert await listed("status=running") == [running]
        assert await listed("status=queued") == [waiting[1]]
        assert await listed("status=cancelled&kind=image") == [waiting[0]]
        assert await listed("kind=video") == []
        first = (await alice.get("/jobs?limit=2")).json
        assert await listed(f"limit=2&cursor={first['nextCursor']}") == [running]
