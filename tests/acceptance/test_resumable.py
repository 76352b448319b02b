"""Resumable uploads through the API: Google's protocol, in chunks that may be cut, with progress as they come."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError
from yarl import URL

from tests.acceptance.client import Answer, Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import MovedClock, in_process
from tests.acceptance.uploading import PNG, Opened, digest, init, opened, progress_of, served
from tests.unit.actors.processing.samples import png_chunk, sample_of

CHUNK = 8 * 2**20
GRANULE = 256 * 1024
BODY = sample_of(PNG)


def large(size: int) -> bytes:
    """A picture of exactly so many bytes: a chunk that every decoder skips makes it long."""
    padding = png_chunk(b"zzZz", bytes(size - len(BODY) - 12))
    return BODY[:33] + padding + BODY[33:]


async def send(upload: Opened, body: bytes, start: int, stop: int, total: int | str = "*") -> Answer:
    """One chunk of the body."""
    return await upload.put(body[start:stop], **{"Content-Range": f"bytes {start}-{stop - 1}/{total}"})


async def how_far(upload: Opened, total: int | str = "*") -> Answer:
    return await upload.put(None, **{"Content-Range": f"bytes */{total}"})


async def resumable(client: Client, size: int | None = None) -> Opened:
    upload = await opened(client, PNG, "big.png", resumable=True, **({} if size is None else {"size": size}))
    assert upload.answer["resumable"] is True
    return upload


async def test_a_large_upload_gets_a_session_by_itself(tmp_path: Path) -> None:
    async with in_process(tmp_path, resumable_bytes=1000) as service:
        alice = service.client()

        answers = {size: (await opened(alice, size=size)).answer["resumable"] for size in (1000, 1001)}

        assert answers == {1000: False, 1001: True}
        assert (await opened(alice)).answer["resumable"] is False


async def test_chunks_are_acknowledged_and_told_as_they_come(alice: Client) -> None:
    body = large(2 * CHUNK + 12345)
    async with alice.stream() as stream:
        await stream.until("snapshot")
        upload = await resumable(alice, len(body))

        first = await send(upload, body, 0, CHUNK, len(body))
        begun = await stream.until("upload_progress")
        second = await send(upload, body, CHUNK, 2 * CHUNK, len(body))
        last = await send(upload, body, 2 * CHUNK, len(body), len(body))
        assert (await upload.complete()).status == 202
        events = [*begun, *await stream.until("upload_complete", "upload_failed")]

    assert (first.status, first.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    assert (second.status, second.headers["Range"]) == (308, f"bytes=0-{2 * CHUNK - 1}")
    assert last.status == 200
    progress = progress_of(events)
    assert progress[0] == pytest.approx(100 * CHUNK / len(body) / 2, abs=0.01)
    assert progress == sorted(progress)
    assert [value for value in progress if value < 50] != []
    assert (progress[-1], events[-1].name) == (100, "upload_complete")
    item = (await alice.get(f"/{upload.path}")).json
    assert digest((await served(alice, item["url"])).body) == item["sha256"]
    assert (item["width"], item["height"]) == (80, 60)


async def test_a_status_query_tells_where_to_go_on(alice: Client) -> None:
    body = large(2 * GRANULE + 5)
    upload = await resumable(alice, len(body))
    before = await how_far(upload, len(body))
    await send(upload, body, 0, GRANULE, len(body))

    between = await how_far(upload, len(body))
    rest = await send(upload, body, GRANULE, len(body), len(body))
    after = await how_far(upload, len(body))

    assert (before.status, before.headers.get("Range")) == (308, None)
    assert (between.status, between.headers["Range"]) == (308, f"bytes=0-{GRANULE - 1}")
    assert (rest.status, after.status) == (200, 200)
    assert (await upload.complete()).status == 202


async def test_an_upload_that_was_cut_goes_on_from_what_was_stored(alice: Client) -> None:
    body = large(5 * GRANULE + 99)
    upload = await resumable(alice, len(body))

    async def breaking() -> AsyncIterator[bytes]:
        yield body[: 3 * GRANULE + 7]
        raise ConnectionResetError

    headers = {"Content-Range": f"bytes 0-{len(body) - 1}/{len(body)}", "Content-Length": str(len(body))}
    with pytest.raises((ClientError, ConnectionError)):
        await upload.put(breaking(), **headers)
    answer = await how_far(upload, len(body))
    stored = int(answer.headers.get("Range", "bytes=0--1").split("-", 1)[1]) + 1
    rest = await send(upload, body, stored, len(body), len(body))

    assert answer.status == 308
    assert stored % GRANULE == 0
    assert rest.status == 200
    assert (await upload.complete()).status == 202
    assert (await alice.ending_of(upload.job_id)).name == "upload_complete"


async def test_without_a_size_the_last_chunk_tells_it(alice: Client) -> None:
    body = large(GRANULE + 1000)
    upload = await resumable(alice)

    first = await send(upload, body, 0, GRANULE)
    last = await send(upload, body, GRANULE, len(body), len(body))

    assert (first.status, last.status) == (308, 200)
    assert (await upload.complete()).status == 202
    assert (await alice.ending_of(upload.job_id)).name == "upload_complete"


async def test_progress_is_null_until_the_size_is_known(alice: Client) -> None:
    body = large(2 * GRANULE + 1000)
    async with alice.stream() as stream:
        await stream.until("snapshot")
        upload = await resumable(alice)

        await send(upload, body, 0, GRANULE)
        begun = await stream.until("upload_progress")
        await send(upload, body, GRANULE, 2 * GRANULE)
        await send(upload, body, 2 * GRANULE, len(body), len(body))
        ended = await stream.until("upload_progress")

    assert [(event.name, event.data.get("progress")) for event in begun] == [
        ("upload_started", None),
        ("upload_progress", None),
    ]
    assert progress_of(ended) == [50]


async def test_completing_before_the_last_chunk_is_too_early(alice: Client) -> None:
    body = large(2 * GRANULE)
    upload = await resumable(alice, len(body))
    await send(upload, body, 0, GRANULE, len(body))

    assert_problem(await upload.complete(), 409, "upload_incomplete")
    assert (await send(upload, body, GRANULE, len(body), len(body))).status == 200


@pytest.mark.parametrize("change", ["more", "less", "type", "session", "signature"])
async def test_a_session_takes_only_what_was_agreed(alice: Client, change: str) -> None:
    body = large(GRANULE)
    upload = await resumable(alice, len(body))
    url = URL(upload.url, encoded=True)
    match change:
        case "more":
            answer, status = await upload.put(body + b"!"), 413
        case "less":
            answer, status = await upload.put(body[:-1]), 400
        case "type":
            answer, status = await upload.put(body, **{"Content-Type": "text/html"}), 415
        case _:
            altered = upload.url.replace(url.query[change], url.query[change][::-1])
            answer, status = await upload.put(body, url=altered), 403

    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await upload.put(body)).status == 200


async def test_aborting_closes_the_session_and_frees_its_bytes(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        body = large(2 * GRANULE)
        upload = await resumable(alice, len(body))
        await send(upload, body, 0, GRANULE, len(body))
        assert service.store.used_bytes == GRANULE

        assert (await upload.abort()).status == 204

        assert service.store.used_bytes == 0
        assert_problem(await send(upload, body, GRANULE, len(body), len(body)), 404, "not_found")
        assert (await alice.ending_of(upload.job_id)).data["code"] == "cancelled"


async def test_a_session_is_over_when_it_expires(tmp_path: Path) -> None:
    clock = MovedClock()
    async with in_process(tmp_path, clock=clock, resumable_seconds=60) as service:
        body = large(2 * GRANULE)
        upload = await resumable(service.client(), len(body))
        await send(upload, body, 0, GRANULE, len(body))

        clock.advance(61)

        assert_problem(await send(upload, body, GRANULE, len(body), len(body)), 404, "not_found")
        assert service.store.used_bytes == 0


async def test_so_many_sessions_may_be_open_and_others_are_told_to_come_back(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_queued_per_user=2000) as service:
        service.store._sessions._limit = 2
        alice, bob = service.client(), service.client()
        first, _ = await resumable(alice), await resumable(alice)

        refused = await init(bob, resumable=True)
        await first.abort()

        assert refused.status in {429, 503, 507}
        assert refused.json["code"] in {"rate_limited", "dependency_unavailable", "storage_full"}
        assert (await init(bob, resumable=True)).status == 201
