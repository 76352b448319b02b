"""A real ComfyUI server, where `COMFYUI_URL` names one: by nodes that need no checkpoint."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.providers.comfyui.provider import ComfyUIProvider
from actors.providers.comfyui.server import comfyui_api
from schema.models import ModelInfo
from schema.provider_settings import WorkflowSettings
from tests.contract.job_providers import model, request_of
from tests.contract.providers import MAGIC, outputs_of

pytestmark = pytest.mark.skipif("COMFYUI_URL" not in os.environ, reason="COMFYUI_URL names no ComfyUI server")

PICTURES, VIDEOS = model("comfyui", "grey", "image"), model("comfyui", "film", "video")
EMPTY: dict[str, Any] = {
    "class_type": "EmptyImage",
    "inputs": {"width": "{{width}}", "height": "{{height}}", "batch_size": 1, "color": 8421504},
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


@pytest.mark.parametrize(
    ("asked", "workflow", "content_type"), [(PICTURES, PICTURE, "image/png"), (VIDEOS, FILM, "video/mp4")]
)
async def test_a_workflow_makes_its_file(
    tmp_path: Path, asked: ModelInfo, workflow: dict[str, Any], content_type: str
) -> None:
    settings = {asked.id: WorkflowSettings.model_validate({"workflow": workflow})}
    provider = ComfyUIProvider(comfyui_api(os.environ["COMFYUI_URL"]), [asked], settings)
    # A graph that it has seen is not run again.
    seed = time.time_ns() % 2**40
    request = replace(request_of(asked, ""), seed=seed, width=96, height=64, duration_seconds=1.0, fps=8)

    [output] = await outputs_of(provider, request, tmp_path)

    assert output.content_type == content_type
    assert MAGIC[content_type] in output.file.read_bytes()[:16]
