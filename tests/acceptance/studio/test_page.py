"""The page as it is served: its policy, its assets, and that it has nothing of anybody else."""

import re

from app.studio import policy
from tests.acceptance.client import Client
from tests.acceptance.service import Service


def directives_of(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in text.split(";")) if words}


async def test_the_policy_allows_the_services_own_code_and_nothing_inline(alice: Client) -> None:
    page = await alice.get("/")

    directives = directives_of(page.headers["Content-Security-Policy"])
    assert directives["default-src"] == ["'self'"]
    assert not {"script-src", "style-src"} & set(directives)
    assert directives["frame-ancestors"] == directives["base-uri"] == directives["object-src"] == ["'none'"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.findall(rb"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page.body)


async def test_the_page_names_no_other_origin(service: Service) -> None:
    page = await service.nobody.get("/")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not re.findall(rb"""(?:src|href|action)=["'](?:https?:)?//""", page.body)


async def test_what_the_page_is_made_of_may_be_kept_for_ever(service: Service) -> None:
    page = await service.nobody.get("/")

    assets = re.findall(rb"""(?:src|href)=["']\./(studio/assets/[^"']+)""", page.body)
    assert len(assets) == 3
    for asset in assets:
        plain = await service.nobody.send("GET", f"/{asset.decode()}", headers={"Accept-Encoding": "identity"})
        packed = await service.nobody.send("GET", f"/{asset.decode()}", headers={"Accept-Encoding": "gzip"})
        assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Content-Encoding" not in plain.headers
        assert plain.body == packed.body  # the client unpacks what is packed


async def test_an_asset_that_there_is_not_is_not_found(service: Service) -> None:
    for name in ("missing.js", "..%2f..%2findex.html", "%2e%2e"):
        assert (await service.nobody.get(f"/studio/assets/{name}")).status == 404


def test_where_media_are_in_a_bucket_the_policy_names_it() -> None:
    directives = directives_of(policy("https://media.example", "https://storage.googleapis.com"))

    for name in ("img-src", "media-src", "connect-src"):
        assert directives[name] == ["'self'", "https://media.example", "https://storage.googleapis.com"]
