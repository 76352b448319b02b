"""The tutorial's page: taken from docs/tutorial.md, put together as it says, and used from another origin."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import FilePayload, Request, expect

from tests.acceptance.browser import page_in_browser
from tests.acceptance.process import ROOT
from tests.acceptance.service import in_process
from tests.unit.actors.processing.samples import sample_of

PLACE = "/* the code of the next steps */"
PATIENCE_SECONDS = 30
SERVICE = "http://127.0.0.1:8080"


def blocks_of(language: str) -> list[str]:
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def tutorial_page(service: str) -> str:
    """What a reader has after the last step; `service` takes the place of where theirs is."""
    (html,), code = blocks_of("html"), "\n".join(blocks_of("js"))
    assert (html.count(PLACE), code.count(SERVICE)) == (1, 1)
    return html.replace(PLACE, code.replace(SERVICE, service))


@asynccontextmanager
async def another_origin(pages: dict[str, str]) -> AsyncIterator[str]:
    """Serves pages, as a reader's own server does; its origin."""

    async def answer(request: web.Request) -> web.Response:
        found = pages.get(request.path)
        return web.Response(text=found, content_type="text/html") if found else web.Response(status=204)

    app = web.Application()
    app.router.add_get("/{name:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_the_page_of_the_tutorial_generates_uploads_resumes_and_shows_the_library(tmp_path: Path) -> None:
    pages: dict[str, str] = {}
    came_back = asyncio.Event()

    def note(request: Request) -> None:
        if request.url.endswith("/events") and "last-event-id" in request.headers:
            came_back.set()

    picture: FilePayload = {"name": "mine.png", "mimeType": "image/png", "buffer": sample_of("image/png")}
    async with (
        another_origin(pages) as origin,
        in_process(tmp_path, cors_origins=origin, stream_seconds=2) as service,
        page_in_browser() as (page, complaints),
    ):
        pages["/"] = tutorial_page(service.origin)
        page.on("request", note)
        await page.goto(f"{origin}/")
        await page.get_by_placeholder("a token").fill(str(service.client("alice").token))
        await page.get_by_text("Sign in").click()
        await expect(page.get_by_role("status")).to_have_text("Live.")

        await page.get_by_placeholder("a lighthouse at dusk").fill("a storm <b>at sea</b>")
        await page.get_by_text("Generate").click()
        await page.locator("input[type=file]").set_input_files(picture)
        await page.get_by_role("button", name="Upload").click()
        await expect(page.locator("figure")).to_have_count(2)
        await expect(page.get_by_alt_text("a storm <b>at sea</b>")).to_be_visible()
        await expect(page.locator("#jobs li")).to_have_count(0)
        await page.evaluate("Promise.all([...document.images].map((each) => each.decode()))")

        await asyncio.wait_for(came_back.wait(), PATIENCE_SECONDS)
        await page.get_by_text("Delete").first.click()
        await expect(page.locator("figure")).to_have_count(1)

    assert complaints == []
