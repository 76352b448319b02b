"""Models by configuration: a key and a line in a file bring them, and a mistake keeps the service from starting."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.process import process, served
from tests.acceptance.service import in_process
from tests.contract.fal_server import FalServer
from tests.contract.gemini_server import GeminiServer
from tests.contract.job_server import JobServer
from tests.contract.openai_server import PICTURE, OpenAIServer
from tests.contract.played import listening
from tests.contract.remote_providers import KEY
from tests.contract.replicate_server import ReplicateServer
from tests.unit.actors.processing.samples import video

PICTURES = """\
models:
  - id: studio/painter
    kind: image
    provider: openai
    upstream: gpt-image-2
    limits:
      width: {minimum: 512, maximum: 1024, step: 16}
    price: {output: 0.25}
  - id: procedural/image
    kind: image
    provider: procedural
"""
FILMS = """\
models:
  - id: studio/films
    kind: video
    provider: gemini
    upstream: gemini-omni-1.1-flash
    price: {second: 0.1}
"""


def written(directory: Path, text: str) -> Path:
    file = directory / "models.yaml"
    file.write_text(text)
    return file


async def test_a_model_of_the_file_is_offered_and_makes_pictures(tmp_path: Path) -> None:
    server = OpenAIServer()
    async with (
        listening(server),
        in_process(
            tmp_path,
            models_file=written(tmp_path, PICTURES),
            openai_api_key=KEY,
            openai_base_url=server.root,
        ) as service,
    ):
        alice = service.client()
        models = (await alice.get("/models")).json["items"]

        item = await alice.picture(width=512, height=512)
        job = await alice.job(item["jobId"])
        async with service.session.get(item["url"]) as response:
            content = await response.read()
        usage = (await alice.get("/usage")).json

    assert [(each["id"], each["provider"], each["default"]) for each in models] == [
        ("studio/painter", "openai", True),
        ("procedural/image", "procedural", False),
    ]
    assert models[0]["limits"]["width"] == {"minimum": 512, "maximum": 1024, "step": 16}
    assert (item["model"], content, server.asked[0]["model"]) == ("studio/painter", PICTURE, "gpt-image-2")
    assert (job["cost"], usage["cost"], usage["items"][0]["model"]) == (0.25, 0.25, "studio/painter")


async def test_a_video_that_is_paid_for_outlives_the_process_that_asked_for_it(tmp_path: Path) -> None:
    server = GeminiServer(film=video("video/mp4", 1.0))
    async with listening(server):
        settings = {
            "models_file": written(tmp_path, FILMS),
            "gemini_api_key": KEY,
            "gemini_base_url": server.root,
            "lease_seconds": 2,
        }
        server.plays("slow")
        async with served(tmp_path, **settings) as (victim, service):
            alice = service.client("alice")
            accepted = await alice.post(
                "/generate/video", {"prompt": "a wave", "width": 64, "height": 64, "durationSeconds": 1}
            )
            await asyncio.wait_for(server.looked.wait(), 20)
            victim.kill(signal.SIGKILL)
            await asyncio.to_thread(victim.wait)
        for job in server.jobs.values():
            job["scene"] = ""

        async with served(tmp_path, **settings) as (_, service):
            alice = service.client("alice")
            ending = await alice.ending_of(accepted.json["jobId"])
            view = await alice.job(accepted.json["jobId"])

    assert (ending.name, server.submits) == ("generation_complete", 1)
    assert view["cost"] == pytest.approx(0.1)


def test_a_wrong_file_stops_the_start_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, PICTURES.replace("provider: openai", "provider: openia"))

    with process(tmp_path, models_file=file) as started:
        status = started.wait()

    assert status == 2
    assert "".join(started.lines).startswith(f"MODELS_FILE: {file}:4: models.0.provider: ")


@pytest.mark.parametrize(
    ("make_server", "settings", "model"),
    [
        (FalServer, ("fal_key", "fal_base_url"), "fal/flux-dev"),
        (ReplicateServer, ("replicate_api_token", "replicate_base_url"), "replicate/flux-dev"),
    ],
)
async def test_a_key_alone_brings_the_models_that_are_shipped(
    tmp_path: Path, make_server: type[JobServer], settings: tuple[str, str], model: str
) -> None:
    server = make_server()
    key, base_url = settings
    async with listening(server):
        given: dict[str, Any] = {key: KEY, base_url: server.root}
        async with in_process(tmp_path, **given) as service:
            item = await service.client().picture(model=model, width=1024, height=768)

    assert item["model"] == model
    # As it came, and not as it was asked for.
    assert (item["width"], item["height"], server.submits) == (8, 8, 1)
