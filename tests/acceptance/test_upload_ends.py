"""Uploads that come to nothing: aborted, never completed, or overtaken by a crash. One end each, and nothing stays."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.keys import JOBS
from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.process import served
from tests.acceptance.service import Hosted, MovedClock, in_process
from tests.acceptance.sse import Event
from tests.acceptance.stores import LosingStore, standalone_on
from tests.acceptance.uploading import PNG, Opened, opened, uploaded
from tests.acceptance.uploading import served as shown
from tests.unit.actors.processing.samples import sample_of

BODY = sample_of(PNG)
AT_WORK = 4
LIFETIME_SECONDS = 900


async def sweep(service: Hosted) -> None:
    await service.app[JOBS].sweeper.sweep()


async def ending_twice(client: Client, upload: Opened) -> Event:
    """How an upload ended; it tells so whenever it is asked."""
    first, second = await client.ending_of(upload.job_id), await client.ending_of(upload.job_id)
    assert first == second
    return first


async def chunks_of(body: bytes) -> AsyncIterator[bytes]:
    yield body


def assert_empty(service: Hosted, stored: list[str]) -> None:
    assert stored == []
    assert service.store.used_bytes == 0


@pytest.mark.parametrize("is_sent", [False, True])
async def test_an_aborted_upload_ends_as_cancelled_and_leaves_nothing(tmp_path: Path, *, is_sent: bool) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        upload = await opened(alice)
        if is_sent:
            await upload.put(BODY)

        answers = [await upload.abort() for _ in range(3)]

        assert [(answer.status, answer.body) for answer in answers] == [(204, b"")] * 3
        ending = await ending_twice(alice, upload)
        assert (ending.name, ending.data["code"], ending.data["retryable"]) == ("upload_failed", "cancelled", False)
        assert (await alice.job(upload.job_id))["status"] == "cancelled"
        assert_empty(service, await service.stored())
        assert_problem(await upload.complete(), 404, "not_found")


async def test_an_upload_is_aborted_while_it_is_verified(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        upload = await opened(alice)
        await upload.put(BODY)
        async with alice.stream() as stream:
            await stream.until("snapshot")
            await upload.complete()
            while (await alice.job(upload.job_id))["status"] == "queued":
                pass

            answer = await upload.abort()
            ending = (await stream.until("upload_failed", "upload_complete"))[-1]
        late = await upload.abort()

        assert (answer.status, late.status) == (204, 204)
        assert (ending.name, ending.data["code"]) == ("upload_failed", "cancelled")
        assert await alice.media() == []
        assert_empty(service, await service.stored())


async def test_an_upload_in_the_library_can_not_be_aborted(alice: Client) -> None:
    item = await uploaded(alice)

    answer = await alice.post("/media/upload/abort", {"objectPath": item["path"]})

    assert_problem(answer, 404, "not_found")
    assert await alice.media() == [item]


async def test_what_is_sent_after_the_abort_is_gone_after_the_url_has_expired(tmp_path: Path) -> None:
    clock = MovedClock()
    async with in_process(tmp_path, clock=clock) as service:
        upload = await opened(service.client())
        await upload.abort()
        late = await upload.put(BODY)

        clock.advance(2 * LIFETIME_SECONDS + 1)
        await sweep(service)

        assert late.status in {200, 403, 412}
        assert_empty(service, await service.stored())


@pytest.mark.parametrize(("body", "name"), [(BODY, "upload_complete"), (b"no picture", "upload_failed")])
async def test_what_a_url_brings_after_the_end_is_gone_when_it_has_expired(
    tmp_path: Path, body: bytes, name: str
) -> None:
    clock = MovedClock()
    async with in_process(tmp_path, clock=clock) as service:
        upload = await opened(service.client())
        assert (await upload.finish(body)).name == name
        clock.advance(LIFETIME_SECONDS / 2)
        await sweep(service)
        before = await service.stored()
        # As at Google's, where a signed URL makes a new object after the first one was removed.
        await service.store.upload(f"incoming/{upload.path.removeprefix('media/')}", chunks_of(BODY), PNG)

        clock.advance(2 * LIFETIME_SECONDS)
        await sweep(service)

        assert await service.stored() == before


async def test_an_upload_that_is_never_completed_expires_and_leaves_nothing(tmp_path: Path) -> None:
    clock = MovedClock()
    async with in_process(tmp_path, clock=clock) as service:
        alice = service.client()
        idle, sent = await opened(alice), await opened(alice)
        await sent.put(BODY)

        clock.advance(LIFETIME_SECONDS + 1)
        refused = await idle.put(BODY)
        await sweep(service)
        assert (await alice.job(idle.job_id))["status"] == "queued"
        clock.advance(LIFETIME_SECONDS)
        await sweep(service)

        assert_problem(refused, 403, "forbidden")
        for upload in (idle, sent):
            ending = await ending_twice(alice, upload)
            assert (ending.name, ending.data["code"]) == ("upload_failed", "upload_expired")
            assert (await alice.job(upload.job_id))["status"] == "failed"
            assert_problem(await upload.complete(), 404, "not_found")
        assert_empty(service, await service.stored())


async def test_bytes_that_came_in_time_may_be_completed_after_the_url_has_expired(tmp_path: Path) -> None:
    clock = MovedClock()
    async with in_process(tmp_path, clock=clock) as service:
        alice = service.client()
        upload = await opened(alice)
        await upload.put(BODY)

        clock.advance(LIFETIME_SECONDS + 1)
        answer = await upload.complete()
        ending = await alice.ending_of(upload.job_id)

        assert (answer.status, ending.name) == (202, "upload_complete")


async def test_deleting_the_job_of_an_upload_leaves_the_object_alone(alice: Client) -> None:
    item = await uploaded(alice)

    assert (await alice.delete(f"/jobs/{item['jobId']}")).status == 204

    assert (await shown(alice, item["url"])).status == 200
    assert_problem(await alice.post("/media/upload/complete", {"objectPath": item["path"]}), 404, "not_found")


async def completed_on_losing_store(service: Hosted, losses: int) -> tuple[Client, Opened, Event]:
    """An upload whose bytes are not found so many times."""
    assert isinstance(service.store, LosingStore)
    service.store.losses = losses
    alice = service.client()
    upload = await opened(alice)
    return alice, upload, await upload.finish(BODY)


async def test_bytes_that_are_found_only_later_are_looked_for_again(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(LosingStore), sweep_seconds=0.1) as service:
        alice, upload, ending = await completed_on_losing_store(service, losses=1)

        assert ending.name == "upload_complete"
        assert (await alice.job(upload.job_id))["attempts"] == 2


async def test_an_upload_whose_bytes_are_lost_ends_and_may_be_made_anew(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(LosingStore), max_attempts=1) as service:
        alice, upload, ending = await completed_on_losing_store(service, losses=1)

        assert (ending.name, ending.data["code"], ending.data["retryable"]) == (
            "upload_failed",
            "upload_incomplete",
            True,
        )
        assert (await alice.job(upload.job_id))["error"]["code"] == "upload_incomplete"
        assert_empty(service, await service.stored())
        assert (await (await opened(alice)).finish(BODY)).name == "upload_complete"


async def test_after_a_kill_every_upload_comes_to_one_end_and_no_link_is_dead(tmp_path: Path) -> None:
    async with served(tmp_path) as (victim, service):
        alice = service.client("alice")
        done = await uploaded(alice)
        waiting = await opened(alice)
        uploads = [await opened(alice) for _ in range(AT_WORK)]
        await asyncio.gather(*(upload.put(BODY) for upload in uploads))
        async with alice.stream() as stream:
            await stream.until("snapshot")
            await asyncio.gather(*(upload.complete() for upload in uploads))
            await stream.until("upload_progress", "upload_complete")
        victim.kill(signal.SIGKILL)
        await asyncio.to_thread(victim.wait)

    async with served(tmp_path, sweep_seconds=0.2) as (_, service):
        alice = service.client("alice")
        jobs = [done["jobId"], *(upload.job_id for upload in uploads)]
        endings = [await alice.ending_of(job_id) for job_id in jobs]
        again = [await alice.ending_of(job_id) for job_id in jobs]
        states = [await alice.job(job_id) for job_id in jobs]

        assert {ending.name for ending in endings} <= {"upload_complete", "upload_failed"}
        assert [(each.name, each.data) for each in again] == [(each.name, each.data) for each in endings]
        assert endings[0].name == "upload_complete"
        assert {state["status"] for state in states} <= {"succeeded", "failed"}
        links = [each.data["result"] for each in endings if each.name == "upload_complete"]
        assert [link for link in [*links, *(state["result"] for state in states)] if link] == []
        assert {each.data["code"] for each in endings if each.name == "upload_failed"} <= {"upload_incomplete"}
        assert await alice.media() == []
        assert (await alice.post("/media/upload/abort", {"objectPath": waiting.path})).status == 204
