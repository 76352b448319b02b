"""One browser for all tests of the studio; the service is the one that all acceptance tests share."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.acceptance.browser import ARGUMENTS
from tests.acceptance.browser import browser as program
from tests.acceptance.studio.window import Window, session, window


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = program()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def studio(browser: Browser, origin: str) -> AsyncIterator[Window]:
    """A tab of a new user, with an empty library."""
    async with session(browser) as context, window(context, f"{origin}/") as opened:
        await opened.live()
        yield opened
