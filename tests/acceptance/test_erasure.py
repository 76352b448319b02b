"""Erasure: everything of the caller goes, and nothing of anybody else's, nor of what the caller makes afterwards."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.client import SMALL, Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import Hosted, in_process
from tests.acceptance.stores import GatedStore, standalone_on
from tests.acceptance.uploading import PNG, Opened, opened, served, uploaded
from tests.unit.actors.processing.samples import sample_of

BODY = sample_of(PNG)
KEY = {"Idempotency-Key": "once"}
NUMBERED = ("generation_queued", "generation_started", "generation_complete")
OWNED = ("job", "event", "media", "upload", "idempotency_key")


async def erase(client: Client) -> str:
    """Ask for the erasure; its job."""
    answer = await client.delete("/me")
    assert answer.status == 202, answer.body
    return str(answer.json["jobId"])


async def erased(client: Client, job_id: str) -> Any:
    """The erasure's job when its stream has ended."""
    async with asyncio.timeout(20):
        await client.ending_of(job_id)
    return await client.job(job_id)


async def of_user(service: Hosted, user: str) -> list[str]:
    """What storage has below a user's folders."""
    return [path for path in await service.stored() if path.split("/")[1] == user]


def rows_of(directory: Path, user: str) -> dict[str, int]:
    """How many rows of each table are a user's."""
    with sqlite3.connect(directory / "media.db") as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table} WHERE owner = ?", [user]).fetchone()[0]
            for table in OWNED
        }
    connection.close()
    return counts


async def sent(client: Client) -> Opened:
    """An upload whose bytes are there and that nobody has completed."""
    upload = await opened(client)
    assert (await upload.put(BODY)).status == 200
    return upload


@asynccontextmanager
async def nobody_free_to_erase(directory: Path) -> AsyncIterator[tuple[Hosted, asyncio.Event]]:
    """A service whose one thread for erasures is kept by somebody's, until the gate is opened."""
    async with in_process(directory, standalone_on(GatedStore)) as service:
        store = service.store
        assert isinstance(store, GatedStore)
        slow = service.client("slow")
        await slow.picture()
        kept = await erase(slow)
        async with asyncio.timeout(20):
            while (await slow.job(kept))["status"] != "running":
                pass
        yield service, store.gate


async def test_an_erasure_is_a_job_that_can_be_looked_at(alice: Client) -> None:
    await alice.picture()

    answer = await alice.delete("/me")
    job = await erased(alice, answer.json["jobId"])

    assert answer.headers["Location"] == answer.json["urls"]["self"] == f"/jobs/{answer.json['jobId']}"
    assert answer.json["status"] == "queued"
    assert (job["kind"], job["status"], job["result"], job["error"]) == ("erasure", "succeeded", None, None)


async def test_an_erasure_is_told_as_a_generation_that_makes_nothing(tmp_path: Path) -> None:
    async with nobody_free_to_erase(tmp_path) as (service, gate):
        alice = service.client()
        await alice.picture()
        target = f"/jobs/{await erase(alice)}/events"

        async with asyncio.timeout(20), alice.stream(target) as stream:
            told = [await stream.next()]
            gate.set()
            told += await stream.rest()
        async with alice.stream(target) as stream:
            again = await stream.rest()
        resumed = await alice.get(target, **{"Last-Event-ID": told[-1].id})

        names = [event.name for event in told]
        assert [name for name in names if name in NUMBERED] == list(NUMBERED)
        assert set(names) <= {*NUMBERED, "generation_progress", "reset"}
        assert told[0].data["kind"] == "erasure"
        assert [event.data["progress"] for event in told if event.name == "generation_progress"] == [50, 100]
        assert told[-1].data["result"] == {"media": [], "failures": []}
        assert again == told[-1:]
        assert resumed.status == 204


async def test_the_end_of_a_job_is_heard_though_it_is_erased_before_its_worker_tells_it(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(GatedStore)) as service:
        store, slow = service.store, service.client("slow")
        assert isinstance(store, GatedStore)
        job_id = await slow.at_work()

        async with asyncio.timeout(20), slow.stream(f"/jobs/{job_id}/events") as stream:
            # The worker wants to remove what the job stored, and then to tell: the gate keeps it from both.
            erasure = await erase(slow)
            told = await stream.rest()
        while (await slow.get(f"/jobs/{job_id}")).status != 404:
            pass
        store.gate.set()
        await erased(slow, erasure)

        assert (told[-1].name, told[-1].data["code"]) == ("generation_failed", "cancelled")


async def test_without_a_user_there_is_nobody_to_erase(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        assert_problem(await service.nobody.delete("/me"), 401, "unauthenticated")


async def test_everything_of_the_caller_goes(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        drawn, brought = await alice.picture(), await uploaded(alice)
        await alice.post("/generate/image", SMALL, **KEY)
        await alice.delete(f"/jobs/{(await uploaded(alice))['jobId']}")
        pending = await sent(alice)
        session = await opened(alice, resumable=True, size=10**6)
        async with alice.stream() as stream:
            last = (await stream.next()).id
        job_id = await erase(alice)

        job = await erased(alice, job_id)

        assert job["status"] == "succeeded"
        assert await alice.media() == []
        assert [each["jobId"] for each in (await alice.get("/jobs")).json["items"]] == [job_id]
        for each in (drawn, brought):
            for url in (each["url"], each["thumbnailURL"], f"/{each['path']}", f"/jobs/{each['jobId']}"):
                assert (await alice.get(url)).status == 404
        assert_problem(await pending.complete(), 404, "not_found")
        assert (await session.put(bytes(10**6))).status == 404
        assert await of_user(service, alice.user) == []
        assert service.store.used_bytes == 0
        async with alice.stream(last_event_id=last) as stream:
            assert [(await stream.next()).name for _ in range(2)] == ["reset", "snapshot"]
        assert rows_of(tmp_path, alice.user) == dict.fromkeys(OWNED, 0) | {"job": 1, "event": len(NUMBERED)}
        again = await alice.post("/generate/image", SMALL | {"seed": 8}, **KEY)
        assert (again.status, again.headers.get("Idempotency-Replayed")) == (202, None)


async def test_nothing_of_anybody_else_goes(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice, bob = service.client("alice"), service.client("alice2")
        mine, his, pending = await uploaded(alice), await uploaded(bob), await sent(bob)
        rows = rows_of(tmp_path, bob.user)

        await erased(alice, await erase(alice))

        assert (await alice.get(mine["url"])).status == 404
        assert await bob.media() == [his]
        assert (await served(bob, his["url"])).status == (await served(bob, his["thumbnailURL"])).status == 200
        assert rows_of(tmp_path, bob.user) == rows
        assert (await pending.complete()).status == 202
        assert (await bob.ending_of(pending.job_id)).name == "upload_complete"


async def test_running_and_waiting_jobs_are_cancelled(tmp_path: Path) -> None:
    async with in_process(tmp_path, worker_threads=2) as service:
        alice, bob = service.client(), service.client()
        running = await alice.at_work()
        waiting = [await alice.generate(seed=seed) for seed in range(3)]
        async with alice.stream(f"/jobs/{running}/events") as stream:
            job = await erased(alice, await erase(alice))
            told = [event.name for event in await stream.rest()]

        assert job["status"] == "succeeded"
        assert told[-1] == "generation_failed"
        assert {(await alice.get(f"/jobs/{job_id}")).status for job_id in (running, *waiting)} == {404}
        assert await service.stored() == []
        assert (await bob.picture())["kind"] == "image"


async def test_what_an_earlier_job_makes_before_the_erasure_begins_goes_too(tmp_path: Path) -> None:
    async with nobody_free_to_erase(tmp_path) as (service, gate):
        alice = service.client()
        running = await alice.at_work(n=1, width=512, height=512)

        job_id = await erase(alice)
        ending = await alice.ending_of(running)
        gate.set()
        await erased(alice, job_id)

        assert ending.name == "generation_complete"
        assert await alice.media() == []
        assert await service.stored() == []


async def test_what_the_caller_makes_afterwards_stays(tmp_path: Path) -> None:
    async with nobody_free_to_erase(tmp_path) as (service, gate):
        alice = service.client()
        await uploaded(alice)
        job_id = await erase(alice)
        # All this is newer than the erasure, and there before it begins.
        fresh, drawn = await sent(alice), await alice.generate()
        keyed = await alice.post("/generate/image", SMALL, **KEY)
        unfinished = f"media/{alice.user}/images/{drawn}_1.png"
        await service.store.upload(unfinished, chunks_of(BODY), PNG)

        gate.set()
        await erased(alice, job_id)

        assert unfinished in await service.stored()
        assert (await fresh.complete()).status == 202
        assert (await alice.ending_of(fresh.job_id)).name == "upload_complete"
        assert (await alice.ending_of(drawn)).name == "generation_complete"
        again = await alice.post("/generate/image", SMALL, **KEY)
        assert (again.json["jobId"], again.headers["Idempotency-Replayed"]) == (keyed.json["jobId"], "true")
        await alice.ending_of(keyed.json["jobId"])
        for item in await alice.media():
            assert (await served(alice, item["url"])).status == 200
        assert {item["jobId"] for item in await alice.media()} == {fresh.job_id, drawn, keyed.json["jobId"]}


async def chunks_of(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def test_erasing_again_and_at_the_same_time_ends_well(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        await uploaded(alice)

        jobs = [(await alice.delete("/me")).json["jobId"] for _ in range(3)]
        job = await erased(alice, jobs[-1])

        assert job["status"] == "succeeded"
        assert [each["jobId"] for each in (await alice.get("/jobs")).json["items"]] == [jobs[-1]]
        assert await service.stored() == []
