"""A page in a real browser, and what its console complains of."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = "the browser tests need Chromium: `apt-get install chromium`, or any of " + ", ".join(NAMES) + " on the PATH"
PATIENCE_MILLISECONDS = 30_000


def browser() -> str:
    """Where Chromium is; where it is not, the test is skipped, and failed in CI."""
    found = next(filter(None, map(shutil.which, ("/usr/bin/chromium", *NAMES))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


@asynccontextmanager
async def page_in_browser() -> AsyncIterator[tuple[Page, list[str]]]:
    """An empty page, and a list that gets every error and warning of what is opened in it."""
    program = browser()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            page = await chromium.new_page()
            page.set_default_timeout(PATIENCE_MILLISECONDS)
            expect.set_options(timeout=PATIENCE_MILLISECONDS)
            page.on("console", listen)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            yield page, complaints
        finally:
            await chromium.close()
