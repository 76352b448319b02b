"""A real ComfyUI server, where `COMFYUI_URL` names one: by nodes that need no checkpoint."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.providers.base import GenerationRequest, ProviderError
from actors.providers.comfyui.provider import ComfyUIProvider
from actors.providers.comfyui.server import comfyui_api
from schema.models import ModelInfo
from schema.provider_settings import WorkflowSettings
from tests.contract.job_providers import model, request_of
from tests.contract.providers import MAGIC, NotedErrand, outputs_of

pytestmark = pytest.mark.skipif("COMFYUI_URL" not in os.environ, reason="COMFYUI_URL names no ComfyUI server")

PICTURES, VIDEOS = model("comfyui", "grey", "image"), model("comfyui", "film", "video")
WHITE = 0xFFFFFF
EMPTY: dict[str, Any] = {
    "class_type": "EmptyImage",
    "inputs": {"width": "{{width}}", "height": "{{height}}", "batch_size": 1, "color": "{{seed}}"},
}
PICTURE = {
    "empty": EMPTY,
    "saved": {"class_type": "SaveImage", "inputs": {"images": ["empty", 0], "filename_prefix": "media-{{seed}}"}},
}
FILM = {
    "empty": {**EMPTY, "inputs": {**EMPTY["inputs"], "batch_size": "{{frames}}"}},
    "film": {"class_type": "CreateVideo", "inputs": {"images": ["empty", 0], "fps": "{{fps}}"}},
    "saved": {
        "class_type": "SaveVideo",
        "inputs": {"video": ["film", 0], "filename_prefix": "media-{{seed}}", "format": "mp4", "codec": "h264"},
    },
}


LACKING = {
    "checkpoint": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "nobody-has-this.safetensors"}},
    "empty": EMPTY,
    "latent": {"class_type": "VAEEncode", "inputs": {"pixels": ["empty", 0], "vae": ["checkpoint", 2]}},
    "decoded": {"class_type": "VAEDecode", "inputs": {"samples": ["latent", 0], "vae": ["checkpoint", 2]}},
    "saved": {"class_type": "SaveImage", "inputs": {"images": ["decoded", 0], "filename_prefix": "media"}},
}
UNSAVED = {"empty": EMPTY}


def provider_of(asked: ModelInfo, workflow: dict[str, Any]) -> ComfyUIProvider:
    settings = {asked.id: WorkflowSettings.model_validate({"workflow": workflow})}
    return ComfyUIProvider(comfyui_api(os.environ["COMFYUI_URL"]), [asked], settings)


def unseen(asked: ModelInfo) -> GenerationRequest:
    """A request of its own: a graph that the server has seen is not run again. The seed is the colour."""
    seed = time.time_ns() % WHITE
    return replace(request_of(asked, ""), seed=seed, width=96, height=64, duration_seconds=1.0, fps=8)


@pytest.mark.parametrize(
    ("asked", "workflow", "content_type"), [(PICTURES, PICTURE, "image/png"), (VIDEOS, FILM, "video/mp4")]
)
async def test_a_workflow_makes_its_file(
    tmp_path: Path, asked: ModelInfo, workflow: dict[str, Any], content_type: str
) -> None:
    [output] = await outputs_of(provider_of(asked, workflow), unseen(asked), tmp_path)

    assert output.content_type == content_type
    assert MAGIC[content_type] in output.file.read_bytes()[:16]


async def test_a_prompt_that_is_noted_is_not_sent_again(tmp_path: Path) -> None:
    provider, request, errand = provider_of(PICTURES, PICTURE), unseen(PICTURES), NotedErrand()
    [first] = await outputs_of(provider, request, tmp_path, errand=errand)
    picture = first.file.read_bytes()

    # Were it sent, it would have another colour.
    again = replace(request, seed=request.seed + 1)
    [second] = await outputs_of(provider, again, tmp_path, errand=NotedErrand(errand.id))

    assert second.file.read_bytes() == picture


@pytest.mark.parametrize(("workflow", "code"), [(LACKING, "model_retired"), (UNSAVED, "invalid_input")])
async def test_why_a_graph_is_refused_has_its_code(tmp_path: Path, workflow: dict[str, Any], code: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await outputs_of(provider_of(PICTURES, workflow), unseen(PICTURES), tmp_path)

    assert caught.value.code == code
