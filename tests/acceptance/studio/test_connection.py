"""The studio survives a lost network and a service that is killed, and two tabs know of one another."""

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.acceptance.process import Process
from tests.acceptance.studio.cable import Cable, cable
from tests.acceptance.studio.test_uploading import line, noise, pick
from tests.acceptance.studio.window import CUT, Window, session, window

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Site:
    """A service in development mode under a path of its own, at the end of a cable."""

    cable: Cable
    directory: Path
    process: Process | None = None

    @property
    def address(self) -> str:
        return f"{self.cable.origin}/example-api/"

    async def start(self) -> None:
        settings = {
            "auth_secret": None,
            "port": self.cable.target,
            "public_url": self.cable.origin,
            "base_path": "/example-api",
            "storage_dir": self.directory / "media",
            "lease_seconds": 2,
            "sweep_seconds": 0.5,
        }
        self.process = Process(self.directory, settings=settings)
        await asyncio.to_thread(self.process.wait_for, "serving")

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill(signal.SIGKILL)
        await asyncio.to_thread(self.process.end)


def free_port() -> int:
    """One that nobody listens on; the service has to come back on it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with cable(free_port()) as laid:
        place = Site(laid, tmp_path_factory.mktemp("site"))
        await place.start()
        yield place
        await place.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def studio(browser: Browser, site: Site) -> AsyncIterator[Window]:
    """A tab that the service signed in itself; that lost connections are complained of is part of these tests."""
    async with session(browser, user="") as context, window(context, site.address, forgiven=[CUT]) as opened:
        await opened.live()
        yield opened


async def test_a_picture_comes_though_the_stream_was_cut_meanwhile(studio: Window, site: Site) -> None:
    await studio.ask_for("a stream that was cut", width=1024, height=1024)
    await expect(studio.card.get_by_role("progressbar")).to_be_visible()

    site.cable.cut()
    await expect(studio.page.get_by_text("Reconnecting", exact=True)).to_be_visible()
    site.cable.mend()

    await studio.live()
    await expect(studio.get("button", "Open picture: a stream that was cut")).to_be_visible()
    await expect(studio.card).to_have_count(0)


async def test_an_upload_goes_on_after_the_network_was_lost(studio: Window, site: Site) -> None:
    await studio.throttle(400_000)
    await pick(studio, ("lost.png", "image/png", noise(500)))
    await site.cable.passed(200_000)

    site.cable.cut()
    await expect(studio.page.get_by_text("Reconnecting", exact=True)).to_be_visible()
    await studio.throttle(-1)
    site.cable.mend()

    await expect(line(studio, "lost.png")).to_contain_text("In the library")
    await expect(studio.get("button", "Open picture: lost.png")).to_be_visible()


async def test_a_job_is_finished_by_the_service_that_comes_after_a_killed_one(studio: Window, site: Site) -> None:
    await studio.ask_for("a killed service", width=1536, height=1536)
    await expect(studio.card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile("[1-9]"))

    await site.kill()
    await expect(studio.page.get_by_text("Reconnecting", exact=True)).to_be_visible()
    await site.start()

    await studio.live()
    await expect(studio.get("button", "Open picture: a killed service")).to_be_visible()
    await expect(studio.card).to_have_count(0)


async def test_what_one_tab_does_the_other_sees(studio: Window, site: Site) -> None:
    async with window(studio.page.context, site.address) as other:
        await other.live()
        await studio.ask_for("seen by both", width=1024, height=1024)
        await expect(other.page.get_by_role("heading", name="seen by both")).to_be_visible()
        await expect(other.get("button", "Open picture: seen by both")).to_be_visible()

        await studio.get("button", "Open picture: seen by both").click()
        await expect(studio.get("dialog", "seen by both")).to_be_visible()
        await other.get("button", "Open picture: seen by both").click()
        await other.get("button", "Delete", exact=True).click()
        await other.get("button", "Delete for good").click()

        await expect(studio.get("button", "Open picture: seen by both")).to_have_count(0)
        await expect(studio.page.get_by_role("alert").get_by_text("There is nothing at")).to_be_visible()
        await expect(studio.page).to_have_url(site.address)
