"""The main thing: a picture is asked for, its progress told, and it is there."""

import hashlib
from datetime import datetime
from pathlib import Path
from uuid import UUID

from tests.acceptance.client import BIG, Client
from tests.acceptance.service import in_process
from tests.acceptance.sse import Event

MEDIUM = {"width": 256, "height": 256}
JOB_KEYS = {
    "jobId", "kind", "status", "progress", "message", "queuePosition", "request", "result", "error", "attempts",
    "createdAt", "startedAt", "finishedAt", "tried", "cost",
}  # fmt: skip
ITEM_KEYS = {
    "path", "url", "kind", "source", "contentType", "size", "width", "height", "durationSeconds", "thumbnailURL",
    "placeholder", "sha256", "jobId", "prompt", "model", "seed", "createdAt",
}  # fmt: skip


async def story_of(client: Client, **request: object) -> list[Event]:
    """A job's events, as the stream that was open before it was asked for tells them."""
    async with client.stream() as stream:
        await stream.until("snapshot")
        await client.generate(**request)
        return await stream.until("generation_complete", "generation_failed")


def progress_of(events: list[Event]) -> list[float]:
    return [event.data["progress"] for event in events if event.name == "generation_progress"]


async def test_a_request_is_accepted_with_the_urls_of_its_job(alice: Client) -> None:
    accepted = await alice.post("/generate/image", {"prompt": "a red door", **MEDIUM})

    job_id = accepted.json["jobId"]
    assert accepted.status == 202
    assert UUID(job_id).version == 7
    assert accepted.headers["Location"] == f"/jobs/{job_id}"
    assert accepted.json == {
        "jobId": job_id,
        "status": "queued",
        "urls": {"self": f"/jobs/{job_id}", "events": f"/jobs/{job_id}/events", "cancel": f"/jobs/{job_id}/cancel"},
    }


async def test_a_job_is_told_from_its_queue_to_its_result(alice: Client) -> None:
    events = await story_of(alice, **MEDIUM)

    names = [event.name for event in events]
    assert names[:2] == ["generation_queued", "generation_started"]
    assert set(names[2:-1]) == {"generation_progress"}
    assert names[-1] == "generation_complete"
    assert len({event.data["jobId"] for event in events}) == 1


async def test_events_carry_what_the_table_says(alice: Client) -> None:
    queued, started, *steps, complete = await story_of(alice, **MEDIUM)

    assert set(queued.data) >= {"jobId", "kind", "queuePosition"}
    assert (queued.data["kind"], queued.data["queuePosition"]) == ("image", 1)
    assert set(started.data) >= {"jobId"}
    assert all(set(step.data) >= {"jobId", "progress", "message", "attempt"} for step in steps)
    assert {step.data["attempt"] for step in steps} == {1}
    assert set(complete.data) >= {"jobId", "result"}
    assert set(complete.data["result"]["media"][0]) == ITEM_KEYS


async def test_progress_has_many_true_steps_and_never_falls(alice: Client) -> None:
    steps = progress_of(await story_of(alice, **MEDIUM))

    assert len(set(steps)) >= 16
    assert steps == sorted(steps)
    assert all(0 <= step <= 100 for step in steps)


async def test_progress_is_100_only_when_everything_is_stored(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        client = service.client("alice")
        async with client.stream() as stream:
            job_id = await client.generate(n=2)
            async for event in stream:
                if event.name == "generation_progress" and event.data["progress"] == 100:
                    break

        assert await service.stored("media/") == [f"media/alice/images/{job_id}_{index}.png" for index in (0, 1)]


async def test_ids_of_events_grow(alice: Client) -> None:
    ids = [event.id for event in await story_of(alice, **MEDIUM)]

    assert all(ids)
    assert ids == sorted(set(ids))


async def test_a_finished_job_shows_its_result(alice: Client) -> None:
    events = await story_of(alice, **MEDIUM, prompt="a red door", seed=11)

    job = await alice.job(events[0].data["jobId"])
    assert set(job) == JOB_KEYS
    assert (job["kind"], job["status"], job["progress"], job["error"]) == ("image", "succeeded", 100, None)
    assert (job["attempts"], job["queuePosition"]) == (1, None)
    assert job["result"] == events[-1].data["result"]
    assert job["request"] == {
        "prompt": "a red door", "negativePrompt": None, "model": "procedural/image", "seed": 11, "inputs": [],
        "options": {}, "n": 1, **MEDIUM,
    }  # fmt: skip
    created, started, finished = (
        datetime.fromisoformat(job[f"{name}At"]) for name in ("created", "started", "finished")
    )
    assert created <= started <= finished


async def test_a_result_is_in_the_library(alice: Client) -> None:
    events = await story_of(alice, **MEDIUM, prompt="a red door", seed=11)

    [item] = (await alice.get("/media")).json["items"]
    assert item == events[-1].data["result"]["media"][0]
    assert (await alice.get(f"/{item['path']}")).json == item
    assert {name: item[name] for name in ("kind", "source", "contentType", "width", "height", "prompt", "seed")} == {
        "kind": "image", "source": "generated", "contentType": "image/png", **MEDIUM, "prompt": "a red door", "seed": 11
    }  # fmt: skip


async def test_the_same_request_and_seed_give_the_same_bytes(alice: Client, bob: Client) -> None:
    first = await alice.picture(prompt="a red door", seed=3)
    second = await bob.picture(prompt="a red door", seed=3)
    other = await bob.picture(prompt="a red door", seed=4)

    assert first["sha256"] == second["sha256"] != other["sha256"]


async def test_outputs_count_up_from_the_seed(alice: Client) -> None:
    ending = await alice.ending_of(await alice.generate(n=3, seed=41))
    alone = await alice.picture(seed=43)

    media = ending.data["result"]["media"]
    assert [item["seed"] for item in media] == [41, 42, 43]
    assert media[2]["sha256"] == alone["sha256"]


async def test_a_chosen_seed_is_reported(alice: Client) -> None:
    item = await alice.picture(seed=None)

    job = await alice.job(item["jobId"])
    assert isinstance(job["request"]["seed"], int)
    assert item["seed"] == job["request"]["seed"]


async def test_the_greatest_seed_goes_on_at_0(alice: Client) -> None:
    ending = await alice.ending_of(await alice.generate(n=2, seed=2**63 - 1))

    assert [item["seed"] for item in ending.data["result"]["media"]] == [2**63 - 1, 0]


async def test_the_description_of_a_file_is_true(alice: Client) -> None:
    item = await alice.picture()

    picture = await alice.get((await alice.get(item["url"])).headers["Location"])
    assert len(picture.body) == item["size"]
    assert hashlib.sha256(picture.body).hexdigest() == item["sha256"]


async def test_models_are_listed_with_their_limits(alice: Client) -> None:
    models = (await alice.get("/models")).json["items"]

    [model] = [model for model in models if model["id"] == "procedural/image"]
    assert {"id", "kind", "provider", "default", "limits", "optionsSchema", "takesInputs"} == set(model)
    assert model["default"] is True
    assert model["limits"]["n"] == {"minimum": 1, "maximum": 8, "step": 1}


async def test_a_job_that_takes_longer_than_it_may_fails_and_leaves_nothing(alice: Client) -> None:
    told = await story_of(alice, **(BIG | {"deadlineSeconds": 1}))

    job = await alice.job(told[-1].data["jobId"])
    assert (told[-1].name, told[-1].data["code"]) == ("generation_failed", "deadline_exceeded")
    assert (job["status"], job["error"]["code"]) == ("failed", "deadline_exceeded")
    assert job["request"]["deadlineSeconds"] == 1
    assert (await alice.get("/media")).json["items"] == []
