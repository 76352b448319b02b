"""Generated videos: H.264 that plays while it loads, of the size and length that were asked for, with true progress."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.acceptance.browser import page_in_browser
from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_refused_field
from tests.acceptance.service import in_process
from tests.acceptance.uploading import digest, served

CLIP = {"prompt": "a lighthouse at dusk", "width": 128, "height": 64, "durationSeconds": 1, "fps": 12, "seed": 7}
LONG = CLIP | {"width": 1920, "height": 1080, "durationSeconds": 60, "fps": 30}

PLAYER = """
async (url) => {
  const video = document.createElement('video')
  video.muted = true
  video.src = url
  document.body.append(video)
  const heard = (name) => new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, {once: true})
    video.addEventListener('error', () => reject(video.error.message), {once: true})
  })
  await heard('loadeddata')
  const loaded = [video.videoWidth, video.videoHeight, video.duration]
  const played = heard('ended')
  await video.play()
  await played
  const seeked = heard('seeked')
  video.currentTime = loaded[2] / 2
  await seeked
  return {loaded, at: video.currentTime, ended: true}
}
"""


async def ask(client: Client, **changes: Any) -> str:
    accepted = await client.post("/generate/video", CLIP | changes)
    assert accepted.status == 202, accepted.body
    return str(accepted.json["jobId"])


async def clip(client: Client, **changes: Any) -> Any:
    """Make a video; its item in the library."""
    ending = await client.ending_of(await ask(client, **changes))
    assert ending.name == "generation_complete", ending
    return ending.data["result"]["media"][0]


def boxes(data: bytes) -> list[bytes]:
    """The kinds of a movie's outermost boxes, in order."""
    at, kinds = 0, []
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    return kinds


async def test_a_video_is_accepted_at_once_and_tells_every_frame(alice: Client) -> None:
    async with alice.stream() as stream:
        await stream.until("snapshot")
        accepted = await alice.post("/generate/video", CLIP)
        events = await stream.until("generation_complete", "generation_failed")

    names = [event.name for event in events]
    progress = [event.data["progress"] for event in events if event.name == "generation_progress"]
    assert (accepted.status, accepted.json["status"]) == (202, "queued")
    assert accepted.headers["Location"] == accepted.json["urls"]["self"]
    assert names[:2] == ["generation_queued", "generation_started"]
    assert events[0].data["kind"] == "video"
    assert names[-1] == "generation_complete"
    assert len(set(progress)) >= CLIP["durationSeconds"] * CLIP["fps"]  # type: ignore[operator]
    assert progress == sorted(progress)
    assert (progress[-1], 100 in progress[:-1]) == (100, False)


async def test_a_video_is_what_was_asked_for_and_plays_while_it_loads(alice: Client) -> None:
    item = await clip(alice)

    film = await served(alice, item["url"])
    thumbnail = await served(alice, item["thumbnailURL"])
    with av.open(BytesIO(film.body), "r") as container:
        [stream] = container.streams
        frames = sum(1 for _ in container.decode(video=0))
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")  # type: ignore[attr-defined]
        assert (stream.codec_context.width, stream.codec_context.height) == (128, 64)  # type: ignore[attr-defined]
    kinds = boxes(film.body)
    assert frames == 12
    assert kinds.index(b"moov") < kinds.index(b"mdat")
    assert (item["kind"], item["contentType"], item["source"]) == ("video", "video/mp4", "generated")
    assert (item["width"], item["height"], item["seed"]) == (128, 64, 7)
    assert item["durationSeconds"] == pytest.approx(1, abs=0.05)
    assert (item["size"], item["sha256"]) == (len(film.body), digest(film.body))
    assert Image.open(BytesIO(thumbnail.body)).size == (128, 64)
    assert item["placeholder"]


async def test_several_videos_have_seeds_of_their_own(alice: Client) -> None:
    job_id = await ask(alice, n=2, durationSeconds=0.5)

    media = (await alice.ending_of(job_id)).data["result"]["media"]

    assert [item["seed"] for item in media] == [7, 8]
    assert len({item["sha256"] for item in media}) == 2


async def test_a_range_gives_that_part_and_none_behind_the_end(alice: Client) -> None:
    item = await clip(alice)
    whole = (await served(alice, item["url"])).body
    half = len(whole) // 2

    part = await served(alice, item["url"], Range=f"bytes={half}-")
    beyond = await served(alice, item["url"], Range=f"bytes={len(whole)}-")

    assert (part.status, part.body) == (206, whole[half:])
    assert part.headers["Content-Range"] == f"bytes {half}-{len(whole) - 1}/{len(whole)}"
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 129), ("height", 63), ("height", 62), ("width", 1922), ("durationSeconds", 0.4),
        ("durationSeconds", 60.1), ("durationSeconds", "1"), ("fps", 0), ("fps", 61), ("fps", 12.5), ("n", 5),
        ("inputs", ["media/somebody/else.png"]),
    ],
)  # fmt: skip
async def test_a_value_that_a_video_can_not_have_is_refused(alice: Client, field: str, value: object) -> None:
    assert_refused_field(await alice.post("/generate/video", CLIP | {field: value}), field)


async def test_a_video_is_cancelled_between_two_frames_and_leaves_nothing(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()
        async with alice.stream() as stream:
            await stream.until("snapshot")
            job_id = await ask(alice, **LONG)
            await stream.until("generation_progress")

            async with asyncio.timeout(1):
                answer = await alice.post(f"/jobs/{job_id}/cancel")
                ending = (await stream.until("generation_failed"))[-1]

        assert (answer.status, ending.data["jobId"], ending.data["code"]) == (202, job_id, "cancelled")
        assert await alice.media() == []
        assert await service.stored() == []


async def test_a_browser_plays_a_video_to_its_end_and_seeks_in_it(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service, page_in_browser() as (page, _):
        item = await clip(service.client(), fps=24)
        await page.goto(f"{service.base}/")
        shown = await page.evaluate(PLAYER, item["url"])

    assert shown["loaded"][:2] == [128, 64]
    assert shown["loaded"][2] == pytest.approx(1, abs=0.05)
    assert shown["at"] == pytest.approx(0.5, abs=0.05)


async def test_the_library_lists_videos_apart(alice: Client) -> None:
    item, drawn = await clip(alice), await alice.picture()

    async def listed(query: str) -> list[str]:
        return [each["path"] for each in (await alice.get(f"/media?{query}")).json["items"]]

    assert item["path"] == f"media/{alice.user}/videos/{item['jobId']}_0.mp4"
    assert await listed("kind=video") == await listed("prefix=videos") == [item["path"]]
    assert await listed("kind=image") == [drawn["path"]]
