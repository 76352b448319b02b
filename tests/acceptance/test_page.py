"""The page: its policy allows its own code and nothing else, and a picture can be made and deleted on it."""

import base64
import hashlib
import re
from pathlib import Path

from playwright.async_api import expect

from tests.acceptance.browser import page_in_browser
from tests.acceptance.client import Client
from tests.acceptance.service import Service, in_process


def directives_of(policy: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";")) if words}


async def test_the_policy_allows_the_pages_own_script_and_style_alone(alice: Client) -> None:
    page = await alice.get("/")

    directives = directives_of(page.headers["Content-Security-Policy"])
    for tag in ("script", "style"):
        [code] = re.findall(rb"<%b>(.*?)</%b>" % (tag.encode(), tag.encode()), page.body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
        assert directives[f"{tag}-src"] == [f"'sha256-{digest}'"]
    assert directives["default-src"] == ["'none'"]
    assert directives["frame-ancestors"] == directives["base-uri"] == ["'none'"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


async def test_the_page_names_no_other_origin(service: Service) -> None:
    page = await service.nobody.get("/")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not re.findall(rb"""(?:src|href|action)=["']https?://""", page.body)


async def test_a_picture_is_made_and_deleted_on_the_page(tmp_path: Path) -> None:
    async with in_process(tmp_path, auth_secret=None) as service, page_in_browser() as (page, complaints):
        await page.goto(f"{service.base}/")

        await page.get_by_label("What should the picture show?").fill("a lighthouse at dusk")
        await page.get_by_text("Custom", exact=True).click()
        await page.get_by_label("Width, px").fill("256")
        await page.get_by_label("Height, px").fill("256")
        await page.get_by_role("button", name="Generate").click()

        await expect(page.get_by_role("progressbar")).to_be_visible()
        picture = page.locator("#grid img").first
        await expect(picture).to_be_visible()
        await page.wait_for_function("document.querySelector('#grid img').naturalWidth > 0")
        assert await picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [256, 256]

        await picture.click()
        await page.get_by_role("button", name="Delete", exact=True).click()
        async with page.expect_response(lambda response: response.request.method == "DELETE") as deleted:
            await page.get_by_role("button", name="Delete for good").click()

        assert (await deleted.value).status == 204
        await expect(page.locator("#grid img")).to_have_count(0)
        assert await service.stored() == []
        assert complaints == []
