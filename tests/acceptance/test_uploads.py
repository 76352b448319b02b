"""Uploads that go well: opened, sent, completed, verified, and in the library as what they really are."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from actors.processing.bounds import ACCEPTED_TYPES
from app.application import Context
from app.standalone import Standalone
from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import in_process
from tests.acceptance.sse import Event
from tests.acceptance.uploading import PNG, Opened, digest, opened, progress_of, served, uploaded
from tests.unit.actors.processing.samples import GPS, SECRET, SIZE, VIDEOS, exif, image, picture, sample_of

MEMBERS = {"jobId", "uploadURL", "objectPath", "method", "headers", "expiresAt", "maxBytes", "resumable"}
MANY = 8
MEBIBYTES = 3
ORIENTATION = 0x0112


class LateWorker(Standalone):
    """A service in which nobody works until `worker` is entered."""

    def contexts(self) -> tuple[Context, ...]:
        return (self.auth, self.store, self.jobs, self.hub)


async def story(client: Client, content_type: str = PNG) -> tuple[Opened, list[Event]]:
    """A whole upload, and all that was told of it."""
    body = sample_of(content_type)
    async with client.stream() as stream:
        await stream.until("snapshot")
        upload = await opened(client, content_type, size=len(body))
        assert (await upload.put(body)).status == 200
        assert (await upload.complete()).status == 202
        return upload, await stream.until("upload_complete", "upload_failed")


def noise(number: int, mebibytes: int = MEBIBYTES) -> bytes:
    """A picture that does not compress, and whose size and first pixel tell which it is."""
    width, height = 1024 + number, mebibytes * 1024 // 3
    pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
    source = Image.fromarray(pixels)
    source.putpixel((0, 0), (number, 7, 250))
    return image(PNG, source, compress_level=0)


async def test_opening_says_where_how_until_when_and_how_much(alice: Client) -> None:
    answer = await alice.post("/media/upload/init", {"filename": "a cat.PNG", "contentType": PNG, "size": 1234})

    opened_ = answer.json
    expires_in = datetime.fromisoformat(opened_["expiresAt"]) - datetime.now(UTC)
    assert answer.status == 201
    assert set(opened_) == MEMBERS
    assert answer.headers["Location"] == f"/jobs/{opened_['jobId']}"
    assert (opened_["method"], opened_["resumable"], opened_["maxBytes"]) == ("PUT", False, 1234)
    assert opened_["uploadURL"].startswith(f"{alice.base}/storage/")
    assert opened_["objectPath"].startswith(f"media/{alice.user}/")
    assert opened_["objectPath"].endswith("/a_cat.PNG")
    assert opened_["headers"]["Content-Type"] == PNG
    assert timedelta(minutes=14) < expires_in <= timedelta(minutes=15)


async def test_without_a_size_the_url_takes_as_much_as_the_type_may_have(alice: Client) -> None:
    picture_, video = await opened(alice), await opened(alice, "video/mp4")

    assert picture_.answer["maxBytes"] == 50 * 2**20
    assert video.answer["maxBytes"] == 2 * 2**30
    assert (await picture_.finish(sample_of(PNG))).name == "upload_complete"


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
async def test_each_type_goes_from_opening_to_the_library(alice: Client, content_type: str) -> None:
    upload, events = await story(alice, content_type)

    item = (await alice.get(f"/{upload.path}")).json
    shown = await served(alice, item["url"])
    thumbnail = await served(alice, item["thumbnailURL"])
    is_video = content_type in VIDEOS
    assert events[-1].data == {
        "jobId": upload.job_id, "result": {"url": item["url"], "path": upload.path},
    }  # fmt: skip
    assert (item["contentType"], item["kind"]) == (content_type, "video" if is_video else "image")
    assert (item["source"], item["jobId"], item["seed"]) == ("upload", upload.job_id, None)
    assert (item["width"], item["height"]) == ((96, 64) if is_video else SIZE)
    assert (item["durationSeconds"] is not None) is is_video
    assert (shown.status, shown.headers["Content-Type"]) == (200, content_type)
    assert (digest(shown.body), len(shown.body)) == (item["sha256"], item["size"])
    assert SECRET.encode() not in shown.body
    assert (thumbnail.headers["Content-Type"], Image.open(BytesIO(thumbnail.body)).format) == ("image/webp", "WEBP")
    assert item["placeholder"]


async def test_the_events_tell_of_bytes_and_end_with_the_link(alice: Client) -> None:
    upload, events = await story(alice)

    names = [event.name for event in events]
    progress = progress_of(events)
    assert names[0] == "upload_started"
    assert set(names[1:-1]) == {"upload_progress"}
    assert names[-1] == "upload_complete"
    assert all(event.data["jobId"] == upload.job_id for event in events)
    assert len(set(progress)) >= 2
    assert progress == sorted(progress)
    assert 100 not in progress[:-1]
    assert progress[-1] == 100


async def test_the_job_tells_how_it_went(alice: Client) -> None:
    upload, events = await story(alice)

    job = await alice.job(upload.job_id)
    assert (job["kind"], job["status"], job["progress"]) == ("upload", "succeeded", 100)
    assert job["result"] == events[-1].data["result"]
    assert job["request"]["contentType"] == PNG
    assert upload.url not in str(job)


async def test_the_permanent_url_is_dead_until_the_upload_is_verified(tmp_path: Path) -> None:
    late: list[LateWorker] = []

    def make(*arguments: Any, **options: Any) -> LateWorker:
        late.append(LateWorker(*arguments, **options))
        return late[0]

    async with in_process(tmp_path, make) as service:
        alice = service.client()
        upload = await opened(alice)
        await upload.put(sample_of(PNG))
        accepted = (await upload.complete()).json
        early = await alice.get(accepted["url"])
        assert (await alice.job(upload.job_id))["status"] == "queued"

        async with asynccontextmanager(late[0].worker)(service.app):
            ending = await alice.ending_of(upload.job_id)

        assert_problem(early, 404, "not_found")

        assert accepted == {"jobId": upload.job_id, "url": ending.data["result"]["url"], "path": upload.path}
        assert (await served(alice, accepted["url"])).status == 200


async def test_completing_again_gives_the_same_answer(alice: Client) -> None:
    upload = await opened(alice)
    await upload.put(sample_of(PNG))

    first = await asyncio.gather(*(upload.complete() for _ in range(5)))
    await alice.ending_of(upload.job_id)
    late = await upload.complete()

    assert {answer.status for answer in (*first, late)} == {202}
    assert all(answer.json == late.json for answer in first)
    assert len(await alice.media()) == 1


async def test_the_library_is_narrowed_to_uploads(alice: Client) -> None:
    upload, clip, drawn = await uploaded(alice), await uploaded(alice, "video/mp4"), await alice.picture()

    async def listed(query: str) -> list[str]:
        return [item["path"] for item in (await alice.get(f"/media?{query}")).json["items"]]

    assert await listed("") == [drawn["path"], clip["path"], upload["path"]]
    assert await listed("source=upload") == [clip["path"], upload["path"]]
    assert await listed("source=generated") == [drawn["path"]]
    assert await listed("kind=video") == [clip["path"]]
    assert await listed(f"prefix={upload['path'].split('/')[2]}") == [upload["path"]]
    assert await listed("prefix=images") == [drawn["path"]]


async def test_deleting_takes_the_object_its_thumbnail_and_every_url_away(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        item = await uploaded(alice)
        signed = (await alice.get(item["url"])).headers["Location"]
        assert len(await service.stored()) == 2

        answer = await alice.delete(f"/{item['path']}")

        assert answer.status == 204
        urls = (item["url"], item["thumbnailURL"], signed, f"/{item['path']}")
        assert [(await alice.get(url)).status for url in urls] == [404] * 4
        assert await service.stored() == []
        assert service.store.used_bytes == 0


async def test_nothing_but_the_object_and_its_thumbnail_stays_of_an_upload(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        item = await uploaded(alice)

        assert await service.stored() == [
            item["path"].replace("media/", "derivatives/", 1) + "/thumbnail.webp", item["path"],
        ]  # fmt: skip


async def test_somebody_elses_upload_is_not_found(alice: Client, bob: Client) -> None:
    upload = await opened(alice)
    await upload.put(sample_of(PNG))

    for action in ("complete", "abort"):
        answer = await bob.post(f"/media/upload/{action}", {"objectPath": upload.path})
        assert_problem(answer, 404, "not_found")
    assert (await bob.get(f"/jobs/{upload.job_id}")).status == 404
    assert (await upload.complete()).status == 202


async def test_a_photograph_is_turned_upright_and_loses_where_it_was_taken(alice: Client) -> None:
    photo = image("image/jpeg", picture((80, 60)), exif=exif(6))

    item = await uploaded(alice, "image/jpeg", photo, "photo.jpg")

    kept = Image.open(BytesIO((await served(alice, item["url"])).body))
    red, _, blue = (int(each) for each in np.asarray(kept)[0, -1])
    assert (item["width"], item["height"]) == kept.size == (60, 80)
    assert dict(kept.getexif()) == {}
    assert (red > 200, blue < 50) == (True, True)


async def test_metadata_is_kept_where_the_operator_wants_it(tmp_path: Path) -> None:
    photo = image("image/jpeg", picture((80, 60)), exif=exif(6))

    async with in_process(tmp_path, keep_metadata=True) as service:
        alice = service.client()
        item = await uploaded(alice, "image/jpeg", photo, "photo.jpg")
        kept = (await served(alice, item["url"])).body

    tags = Image.open(BytesIO(kept)).getexif()
    assert kept == photo
    assert tags[ORIENTATION] == 6
    assert tags.get_ifd(GPS)
    assert (item["width"], item["height"]) == (60, 80)


async def test_uploads_at_the_same_time_are_not_mixed_up(alice: Client) -> None:
    bodies = await asyncio.gather(*(asyncio.to_thread(noise, number) for number in range(MANY)))

    items = await asyncio.gather(*(uploaded(alice, PNG, body, f"{number}.png") for number, body in enumerate(bodies)))

    for number, item in enumerate(items):
        kept = (await served(alice, item["url"])).body
        shown = Image.open(BytesIO(kept))
        assert item["path"].endswith(f"/{number}.png")
        assert (item["width"], shown.getpixel((0, 0))) == (1024 + number, (number, 7, 250))
        assert item["sha256"] == digest(kept)
