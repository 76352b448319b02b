"""The studio can be used by keyboard alone, by whoever can't see it, and by whoever has a token."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.acceptance.client import token_of
from tests.acceptance.studio.test_uploading import pick
from tests.acceptance.studio.window import Window, session, window

MISSING = re.compile("status of 404")
UNAUTHORIZED = re.compile("status of 401")
"""What the browser itself writes into the console of an answer that was a refusal."""

ARABIC = "سفينة صغيرة"
"""A prompt that is written from right to left on a page that is not."""

LONG = "a picture of so much that " + "there is hardly room for it, " * 40
"""A prompt that has to be scrolled wherever all of it is shown."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_keyboard_is_enough(studio: Window) -> None:
    keyboard = studio.page.keyboard
    await studio.page.get_by_label("What should the picture show?").focus()
    for prompt in (ARABIC, "second"):
        await keyboard.press("Control+A")
        await keyboard.type(prompt)
        await keyboard.press("Control+Enter")
        await expect(studio.get("button", f"Open picture: {prompt}")).to_be_visible()

    await studio.get("button", "Choose files").focus()
    await keyboard.press("Tab")
    await expect(studio.get("button", "Open picture: second")).to_be_focused()
    await keyboard.press("ArrowRight")
    await expect(studio.get("button", f"Open picture: {ARABIC}")).to_be_focused()
    await keyboard.press("Enter")
    await expect(studio.get("dialog", ARABIC)).to_be_visible()
    await keyboard.press("ArrowLeft")
    await expect(studio.get("dialog", "second")).to_be_visible()
    await keyboard.press("Escape")
    await expect(studio.get("button", "Open picture: second")).to_be_focused()

    await keyboard.press("Delete")
    await expect(studio.get("button", "Keep")).to_be_focused()
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(studio.tiles).to_have_count(1)
    await expect(studio.get("button", f"Open picture: {ARABIC}")).to_be_focused()
    await keyboard.press("Tab")
    await keyboard.press("Space")
    await expect(studio.page.get_by_text("1 selected")).to_be_visible()

    for key in ("Delete", "Tab", "Enter"):
        await keyboard.press(key)
    await expect(studio.tiles).to_have_count(0)
    await expect(studio.get("list", "Media")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_state_of_the_page_violates_what_axe_checks(browser: Browser, origin: str, scheme: str) -> None:
    async with session(browser, color_scheme=scheme) as context, window(context, f"{origin}/") as studio:
        await studio.live()
        await expect(studio.page.get_by_text("Nothing here yet.")).to_be_visible()
        violations = {"empty": await studio.violations()}

        await studio.page.get_by_text("More", exact=True).click()
        await studio.page.get_by_text("Event console").click()
        await studio.page.get_by_text("snapshot", exact=True).click()
        await expect(studio.page.get_by_text("event: snapshot")).to_be_visible()
        await pick(studio, ("broken.png", "image/png", b"no picture"))
        await studio.ask_for(LONG, width=1024, height=1024)
        await expect(studio.card).to_be_visible()
        violations["at work"] = await studio.violations()

        await expect(studio.tiles).to_have_count(1)
        await studio.get("checkbox", "Select: a picture").check()
        violations["selected"] = await studio.violations()

        await studio.tiles.click()
        await expect(studio.get("dialog", "a picture")).to_be_visible()
        violations["preview"] = await studio.violations()
        await studio.get("dialog", "a picture").get_by_role("button", name="Delete").click()
        violations["question"] = await studio.violations()

        assert {state: found for state, found in violations.items() if found} == {}


async def test_whoever_is_not_signed_in_is_asked_for_a_token(browser: Browser, origin: str) -> None:
    async with (
        session(browser, user="") as context,
        window(context, f"{origin}/", forgiven=[UNAUTHORIZED]) as studio,
    ):
        field = studio.page.get_by_label("Paste an access token")
        await expect(field).to_be_focused()
        assert await studio.violations() == []
        assert studio.complaints == []

        await field.fill("nonsense")
        await studio.get("button", "Sign in").click()
        await expect(studio.page.get_by_role("alert").get_by_text("refused")).to_be_visible()
        await field.fill(f"Bearer {token_of('alice')}")
        await studio.get("button", "Sign in").click()

        await studio.live()
        await expect(studio.page.get_by_text("as alice")).to_be_visible()


async def test_a_token_that_is_no_longer_good_is_asked_for_and_what_was_written_stays(
    browser: Browser, origin: str
) -> None:
    async with (
        session(browser, user="") as context,
        window(context, f"{origin}/", forgiven=[UNAUTHORIZED]) as studio,
    ):
        field = studio.page.get_by_label("Paste an access token")
        prompt = studio.page.get_by_label("What should the picture show?")
        await field.fill(token_of("of-short-patience"))
        await studio.get("button", "Sign in").click()
        await expect(studio.get("region", "New pictures")).to_be_focused()
        await studio.page.route("**/generate/image", lambda route: route.fulfill(status=401), times=1)

        await studio.ask_for("written before", width=64, height=64)
        await expect(field).to_be_focused()
        await field.fill(token_of("of-short-patience"))
        await studio.get("button", "Sign in").click()
        await expect(prompt).to_have_value("written before")
        await studio.get("button", "Generate").click()
        await expect(studio.tiles).to_have_count(1)

        await studio.get("button", "Sign out").click()
        await expect(field).to_be_focused()
        await expect(studio.tiles).to_have_count(0)
        await expect(prompt).to_have_count(0)
        await field.fill(token_of("who-comes-after"))
        await studio.get("button", "Sign in").click()
        await studio.page.get_by_text("Event console").click()
        await expect(studio.page.get_by_text("snapshot", exact=True)).to_be_visible()
        await expect(studio.page.get_by_text("generation_complete")).to_have_count(0)


async def test_an_answer_to_an_old_token_does_not_speak_of_a_new_one(browser: Browser, origin: str) -> None:
    async with (
        session(browser, user="") as context,
        window(context, f"{origin}/", forgiven=[UNAUTHORIZED]) as studio,
    ):
        field = studio.page.get_by_label("Paste an access token")
        for seconds in (-3600, 3600):
            await field.fill(token_of("one-and-the-same", seconds=seconds))
            await studio.get("button", "Sign in").click()
            if seconds < 0:
                await expect(studio.page.get_by_role("alert").get_by_text("refused")).to_be_visible()

        await studio.live()
        await expect(studio.page.get_by_text("Nothing here yet.")).to_be_visible()
        await expect(field).to_have_count(0)


async def test_what_goes_away_hands_the_focus_on(studio: Window) -> None:
    for prompt in ("one", "two"):
        await studio.ask_for(prompt, width=2048, height=2048)
        card = studio.page.get_by_role("article", name=prompt)
        await card.get_by_role("button", name="Cancel").click()
    one, two = (
        studio.page.get_by_role("article", name=name).get_by_role("button", name="Dismiss") for name in ("one", "two")
    )
    # One that is still stopping offers "Cancel", which would be handed the focus, and would become "Try again" with it.
    await expect(one).to_be_visible()
    await expect(two).to_be_visible()

    link = studio.get("link", "two")
    await link.press("Enter")
    await expect(studio.get("dialog", "Job")).to_be_visible()
    await studio.page.keyboard.press("Escape")
    await expect(link).to_be_focused()

    await two.press("Enter")
    await expect(one).to_be_focused()
    await one.press("Enter")
    await expect(studio.page.locator("#library")).to_be_focused()

    await pick(studio, ("broken.png", "image/png", b"no picture"))
    await studio.get("button", "Clear the list").press("Enter")
    await expect(studio.get("button", "Choose files")).to_be_focused()


async def test_an_address_that_leads_nowhere_says_so(browser: Browser, origin: str) -> None:
    async with (
        session(browser) as context,
        window(context, f"{origin}/#/media/somebody/gone.png", forgiven=[MISSING]) as studio,
    ):
        await expect(
            studio.page.get_by_role("alert").get_by_text("There is nothing at somebody/gone.png")
        ).to_be_visible()
        await expect(studio.page).to_have_url(f"{origin}/")


async def test_from_right_to_left_the_arrows_turn_around(studio: Window) -> None:
    await studio.page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    for prompt in ("first", "second"):
        await studio.ask_for(prompt, width=64, height=64)
        await expect(studio.get("button", f"Open picture: {prompt}")).to_be_visible()

    await studio.get("button", "Open picture: second").focus()
    await studio.page.keyboard.press("ArrowLeft")

    await expect(studio.get("button", "Open picture: first")).to_be_focused()
    older = await studio.get("button", "Open picture: first").bounding_box()
    newer = await studio.get("button", "Open picture: second").bounding_box()
    assert older is not None
    assert newer is not None
    assert older["x"] < newer["x"]

    await studio.page.keyboard.press("Enter")
    await expect(studio.get("dialog", "first").get_by_role("heading")).to_have_css("padding-right", "0px")
