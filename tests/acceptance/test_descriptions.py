"""The API's description: true of this very service, kept by who has it, and shown without a word to anybody else."""

import gzip
import json
from pathlib import Path

import pytest
from playwright.async_api import Request, expect

from app.cli import main
from app.routes import ROUTES
from tests.acceptance.browser import page_in_browser
from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import Service, in_process

DOCUMENTS = ("/openapi.json", "/asyncapi.json")


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_a_description_needs_nobody_and_is_sent_once(service: Service, path: str) -> None:
    first = await service.nobody.get(path)
    again = await service.nobody.get(path, **{"If-None-Match": first.headers["ETag"]})

    assert (first.status, first.headers["Content-Type"]) == (200, "application/json")
    assert (again.status, again.body) == (304, b"")
    assert {"openapi", "asyncapi"} & set(first.json)


async def test_a_description_is_packed_for_who_can_unpack_it(service: Service) -> None:
    url = service.nobody.url("/openapi.json")
    async with service.session.get(url, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as answer:
        packed = await answer.read()

    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed))["openapi"] == "3.1.0"


async def test_the_description_is_of_the_models_and_types_of_this_service(tmp_path: Path) -> None:
    async with in_process(tmp_path, upload_types="image/webp", max_image_bytes=1000) as service:
        models = (await service.client().get("/models")).json["items"]
        schemas = (await service.nobody.get("/openapi.json")).json["components"]["schemas"]

    assert {schemas[body]["properties"]["model"]["enum"][0] for body in ("ImageBody", "VideoBody")} == {
        model["id"] for model in models
    }
    assert schemas["UploadBody"]["properties"]["contentType"] == {"enum": ["image/webp"]}
    (too_large,) = schemas["UploadBody"]["not"]["anyOf"]
    assert too_large["properties"]["size"] == {"type": "integer", "exclusiveMinimum": 1000}


async def test_the_command_prints_what_the_service_says(alice: Client, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["openapi"], {"PUBLIC_URL": alice.base})

    printed, served = json.loads(capsys.readouterr().out), (await alice.get("/openapi.json")).json
    assert status == 0
    assert printed == served


async def test_a_part_that_the_page_does_not_have_is_not_there(service: Service) -> None:
    for name in ("README.md", "..%2findex.html", "index.html"):
        assert_problem(await service.nobody.get(f"/docs/{name}"), 404, "not_found")


async def test_the_page_shows_every_operation_and_asks_nobody_else(tmp_path: Path) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    async with in_process(tmp_path, base_path="/example-api") as service, page_in_browser() as (page, complaints):
        page.on("request", note)
        await page.goto(f"{service.base}/docs")
        await expect(page.locator(".opblock")).to_have_count(len(ROUTES))
        await page.locator("#operations-Jobs-list_jobs .opblock-summary-control").click()
        await expect(page.get_by_text("Only jobs in this state.")).to_be_visible()

    assert complaints == []
    assert [url for url in asked if not url.startswith((f"{service.base}/", "data:"))] == []
