"""Pictures and videos are asked for, watched, looked at and deleted in a browser."""

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.studio.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_picture_appears_after_progress_that_only_grows(studio: Window) -> None:
    await studio.ask_for("a lighthouse at dusk", width=512, height=512)
    shown = await studio.watch(studio.card.get_by_role("progressbar"))

    await expect(studio.tiles).to_have_count(1)

    values = await shown()
    assert values == sorted(values)
    assert len(set(values)) > 3
    await expect(studio.card).to_have_count(0)
    picture = studio.tiles.locator("img")
    await expect(picture).to_have_js_property("complete", value=True)
    assert await picture.evaluate("(image) => image.naturalWidth > 0")


async def test_a_deleted_picture_is_gone_after_one_question(studio: Window) -> None:
    await studio.ask_for("a lighthouse at dusk")
    await studio.get("button", "Open picture: a lighthouse at dusk").click()
    large = studio.get("dialog", "a lighthouse at dusk").get_by_role("img")
    await expect(large).to_have_js_property("naturalWidth", 256)

    await studio.get("button", "Delete", exact=True).click()
    async with studio.page.expect_response(lambda response: response.request.method == "DELETE") as deleted:
        await studio.get("button", "Delete for good").click()

    assert (await deleted.value).status == 204
    await expect(studio.tiles).to_have_count(0)
    await expect(studio.page.get_by_text("Nothing here yet.")).to_be_visible()


async def test_a_video_plays(studio: Window) -> None:
    await studio.page.get_by_text("Video", exact=True).click()
    await studio.page.get_by_label("Length, seconds").fill("1")
    await studio.page.get_by_label("Frames per second").fill("12")
    await studio.page.get_by_label("What should the video show?").fill("waves at night")
    await studio.get("button", "Generate 1 video").click()

    await studio.get("button", "Open video: waves at night").click()
    video = studio.page.get_by_role("dialog").locator("video")
    await video.evaluate("(video) => { video.muted = true; return video.play(); }")

    await studio.page.wait_for_function("() => document.querySelector('dialog video').currentTime > 0.2")
    assert await video.evaluate("(video) => [video.videoWidth, video.videoHeight, video.error]") == [512, 512, None]
    assert await video.get_attribute("poster")


async def test_a_job_that_is_cancelled_says_so_and_can_be_tried_again(studio: Window) -> None:
    await studio.ask_for("a forest in the fog", width=2048, height=2048)

    await studio.card.get_by_role("button", name="Cancel").click()

    await expect(studio.card.get_by_role("paragraph")).to_have_text("Cancelled")
    await studio.card.get_by_role("button", name="Try again").click()
    await expect(studio.page.get_by_label("What should the picture show?")).to_be_focused()
    await expect(studio.page.get_by_label("Width, px")).to_have_value("2048")


async def test_a_job_and_a_medium_have_addresses(studio: Window) -> None:
    await studio.ask_for("a red kite")
    await studio.get("button", "Open picture: a red kite").click()
    medium = studio.page.url
    assert "#/media/" in medium

    await studio.page.reload()
    await expect(studio.get("dialog", "a red kite")).to_be_visible()
    await studio.page.keyboard.press("Escape")
    await expect(studio.page).not_to_have_url(re.compile("#/media/"))

    await studio.ask_for("a forest in the fog", width=2048, height=2048)
    await studio.card.get_by_role("link").click()
    await expect(studio.get("dialog", "Job").get_by_role("progressbar")).to_be_visible()
    await studio.get("dialog", "Job").get_by_role("button", name="Cancel").click()
    await expect(studio.get("dialog", "Job").get_by_role("paragraph")).to_have_text("Cancelled")
