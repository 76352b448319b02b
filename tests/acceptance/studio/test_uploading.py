"""Files come into the library by picker, by dragging and by pasting, and each says how far it is."""

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import FilePayload, Locator, expect

from tests.acceptance.studio.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = re.compile("status of 415")


def noise(side: int) -> bytes:
    """A picture that can't be compressed: some three bytes a pixel."""
    pixels = np.random.default_rng(7).integers(0, 256, (side, side, 3), np.uint8)
    with BytesIO() as file:
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()


def line(studio: Window, name: str) -> Locator:
    """What the list of uploads says of one file."""
    return studio.page.get_by_role("list", name="Uploads").get_by_role("listitem").filter(has_text=name)


async def pick(studio: Window, *files: tuple[str, str, bytes]) -> None:
    async with studio.page.expect_file_chooser() as chooser:
        await studio.get("button", "Choose files").click()
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": content_type, "buffer": body} for name, content_type, body in files
    ]
    await (await chooser.value).set_files(payloads)


async def test_several_files_are_picked_and_each_has_its_own_end(studio: Window) -> None:
    await pick(studio, ("sea.png", "image/png", noise(64)), ("broken.png", "image/png", b"no picture"))

    await expect(line(studio, "sea.png")).to_contain_text("In the library")
    await expect(line(studio, "broken.png")).to_contain_text("not what it was declared to be")
    await expect(studio.get("button", "Open picture: sea.png")).to_be_visible()
    await expect(studio.tiles).to_have_count(1)


async def test_a_file_is_dragged_in(studio: Window, tmp_path: Path) -> None:
    file = tmp_path / "dragged.png"
    file.write_bytes(noise(64))
    devtools = await studio.devtools()
    dragged = {"items": [], "files": [str(file)], "dragOperationsMask": 1}

    # By the browser's own input, so the events are trusted and the files real.
    for kind in ("dragEnter", "dragOver"):
        await devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": dragged})
    await expect(studio.page.get_by_text("Drop to upload")).to_be_visible()
    await devtools.send("Input.dispatchDragEvent", {"type": "drop", "x": 300, "y": 300, "data": dragged})

    await expect(studio.get("button", "Open picture: dragged.png")).to_be_visible()


async def test_a_picture_is_pasted(studio: Window) -> None:
    await studio.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await studio.page.evaluate(
        """async (text) => {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const blob = new Blob([bytes], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
        }""",
        base64.b64encode(noise(64)).decode(),
    )

    await studio.page.keyboard.press("Control+V")

    await expect(studio.get("button", "Open picture: image.png")).to_be_visible()


async def test_a_slow_upload_shows_how_far_it_is(studio: Window) -> None:
    await studio.throttle(300_000)
    await pick(studio, ("slow.png", "image/png", noise(400)))
    shown = await studio.watch(line(studio, "slow.png").get_by_role("progressbar"))

    await expect(line(studio, "slow.png")).to_contain_text("In the library")

    values = await shown()
    assert values == sorted(values)
    assert len({value for value in values if 0 < value < 100}) > 2


async def test_an_upload_that_is_cancelled_is_not_in_the_library(studio: Window) -> None:
    await studio.throttle(20_000)
    async with studio.page.expect_request(lambda request: request.method == "PUT"):  # there is something to abort
        await pick(studio, ("slow.png", "image/png", noise(400)))

    async with studio.page.expect_response(re.compile("/media/upload/abort")) as aborted:
        await studio.get("button", "Cancel: slow.png").click()

    assert (await aborted.value).status == 204
    await expect(line(studio, "slow.png")).to_contain_text("Cancelled")
    await expect(studio.tiles).to_have_count(0)
