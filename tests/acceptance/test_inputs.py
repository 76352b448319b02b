"""Inputs: pictures of the caller's own library reach the provider, and nothing else does."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import Service, in_process
from tests.acceptance.uploading import uploaded
from tests.contract.openai_server import OpenAIServer
from tests.contract.played import listening
from tests.contract.remote_providers import KEY
from tests.unit.actors.processing.samples import sample_of

MENU = """\
models:
  - id: openai/editor
    kind: image
    provider: openai
    inputs: 2
"""


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    server = OpenAIServer()
    async with listening(server):
        yield server


@pytest.fixture
async def service(server: OpenAIServer, tmp_path: Path) -> AsyncIterator[Service]:
    menu = tmp_path / "models.yaml"
    menu.write_text(MENU)
    async with in_process(tmp_path, models_file=menu, openai_api_key=KEY, openai_base_url=server.root) as service:
        yield service


def request(*paths: str) -> dict[str, Any]:
    return {"prompt": "at night", "model": "openai/editor", "width": 512, "height": 512, "inputs": list(paths)}


@pytest.mark.parametrize("prefix", ["", "media/"])
async def test_a_picture_of_the_library_reaches_the_provider(
    service: Service, server: OpenAIServer, prefix: str
) -> None:
    alice = service.client()
    given = await uploaded(alice)
    async with service.session.get(given["url"]) as response:
        content = await response.read()
    job_id = await alice.generate(**request(given["path"].removeprefix(prefix)))

    assert (await alice.ending_of(job_id)).name == "generation_complete"
    assert server.inputs == [content]
    # However it was named, the job has it by its whole path.
    assert (await alice.job(job_id))["request"]["inputs"] == [given["path"]]


async def test_what_is_not_a_picture_of_ones_own_is_refused(service: Service) -> None:
    alice, mallory = service.client(), service.client("mallory")
    picture = (await uploaded(alice))["path"]
    film = (await uploaded(alice, "video/mp4", sample_of("video/mp4"), "film"))["path"]
    home = picture.rpartition("/")[0]

    async def fields(client: Client, *paths: str) -> list[str]:
        answer = await client.post("/generate/image", request(*paths))
        assert_problem(answer, 422, "invalid_request")
        return [each["field"] for each in answer.json["errors"]]

    assert await fields(mallory, picture) == ["inputs.0"]
    assert await fields(alice, picture, film) == ["inputs.1"]
    assert await fields(alice, f"{home}/none.png", picture) == ["inputs.0"]
    assert await fields(alice, "../secret", "/etc/passwd") == ["inputs.0", "inputs.1"]
    assert await fields(alice, picture, picture, picture) == ["inputs"]
