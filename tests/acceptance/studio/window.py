"""A browser's window on the studio, for one user; whatever the browser complains of fails the test."""

import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from itertools import count
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Locator, Page, Request, expect

from tests.acceptance.client import token_of

PATIENCE_MILLISECONDS = 30_000
CUT = re.compile(
    r"net::ERR_(INTERNET_DISCONNECTED|CONNECTION_\w+|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|NETWORK_\w+"
    r"|CONTENT_LENGTH_MISMATCH|RESPONSE_HEADERS_TRUNCATED|SOCKET_NOT_CONNECTED)"
)
"""What the browser itself writes into the console when a connection is lost."""

_USERS = count(1)


@dataclass
class Window:
    """One tab. `complaints` are errors and warnings of the console, and uncaught exceptions."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def get(self, role: Any, name: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        """The element with this role and name."""
        return self.page.get_by_role(role, name=name, exact=exact)

    @property
    def tiles(self) -> Locator:
        """The buttons that open what is in the library."""
        return self.page.get_by_role("list", name="Media").get_by_role("button")

    @property
    def card(self) -> Locator:
        """The only job that is shown."""
        return self.page.get_by_role("article")

    async def ask_for(self, prompt: str, *, width: int = 256, height: int = 256) -> None:
        """Ask for a picture by the form."""
        await self.page.get_by_label("What should the picture show?").fill(prompt)
        await self.page.get_by_text("Custom", exact=True).click()
        await self.page.get_by_label("Width, px").fill(str(width))
        await self.page.get_by_label("Height, px").fill(str(height))
        await self.get("button", "Generate").click()

    async def live(self) -> None:
        """Wait until events come."""
        await expect(self.page.get_by_text("Live", exact=True)).to_be_visible()

    async def watch(self, progress: Locator) -> Callable[[], Any]:
        """Note each value that a progress bar shows from now on; what is returned gives them."""
        await progress.first.evaluate(
            """(bar) => {
                const note = () => {
                  const value = bar.getAttribute('aria-valuenow');
                  if (value !== null) noted.push(Number(value));
                };
                const noted = (window.noted = []);
                note();
                new MutationObserver(note).observe(bar, { attributes: true, attributeFilter: ['aria-valuenow'] });
            }"""
        )
        return lambda: self.page.evaluate("() => window.noted")

    async def devtools(self) -> CDPSession:
        return await self.page.context.new_cdp_session(self.page)

    async def throttle(self, upload_bytes_per_second: float) -> CDPSession:
        """Let bytes leave slowly; -1 takes the brake off again."""
        devtools = await self.devtools()
        conditions = {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": upload_bytes_per_second,
        }
        await devtools.send("Network.emulateNetworkConditions", conditions)
        return devtools

    async def violations(self) -> list[str]:
        """What axe-core finds wrong with the page as it is now (WCAG 2.2 AA and good practice)."""
        axe = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
        await self.page.evaluate(axe)
        found = await self.page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


@asynccontextmanager
async def session(browser: Browser, user: str | None = None, **options: Any) -> AsyncIterator[BrowserContext]:
    """A browser's memory of its own, signed in as a user that nobody has heard of yet; `user=""` is nobody."""
    context = await browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    name = f"visitor-{next(_USERS)}" if user is None else user
    if name:
        await context.add_init_script(f"sessionStorage.setItem('studio.token', '{token_of(name)}')")
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def window(
    context: BrowserContext, address: str, *, forgiven: Iterable[re.Pattern[str]] = ()
) -> AsyncIterator[Window]:
    """A tab on `address`. Complaints that match one of `forgiven` are expected in this test."""
    opened = Window(await context.new_page())
    patterns = tuple(forgiven)

    def complain(text: str) -> None:
        if not any(pattern.search(text) for pattern in patterns):
            opened.complaints.append(text)

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complain(f"{message.type}: {message.text}")

    def leave(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "blob:", "data:")):
            complain(f"a request left for {request.url}")

    opened.page.on("console", listen)
    opened.page.on("pageerror", lambda error: complain(str(error)))
    opened.page.on("request", leave)
    await opened.page.goto(address)
    yield opened
    assert not opened.complaints, f"the browser complains: {opened.complaints}"
