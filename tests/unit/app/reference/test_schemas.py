"""Schemas of requests say what this service takes: its models, its types, its bounds."""

from typing import Any

import pytest
from pydantic import ValidationError

from actors.providers.procedural import IMAGE_MODEL, VIDEO_MODEL
from app.reference.openapi import openapi
from schema.models import Bounds, ModelInfo
from schema.requests import UploadBody
from tests.unit.app.reference.samples import complaints, deployment

SKETCH = IMAGE_MODEL.model_copy(
    update={
        "id": "sketch/image",
        "default": False,
        "takes_inputs": True,
        "options_schema": {"type": "object", "required": ["strokes"]},
        "limits": IMAGE_MODEL.limits.model_copy(update={"width": Bounds(minimum=256, maximum=512, step=64)}),
    }
)


def is_taken(body: str, value: Any, models: tuple[ModelInfo, ...] = (IMAGE_MODEL, VIDEO_MODEL)) -> bool:
    document = openapi(deployment(models=models))
    return not complaints(document, {"$ref": f"#/components/schemas/{body}"}, value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"model": "procedural/image"}, True),
        ({"model": None}, True),
        ({"model": "nobody/nothing"}, False),
        ({"inputs": []}, True),
        ({"inputs": ["media/alice/x.png"]}, False),
        ({"options": {"style": "landscape"}}, True),
        ({"options": {"style": "cubist"}}, False),
        ({"prompt": "a\0b"}, False),
        ({"unknown": 1}, False),
        ({"width": 2048}, True),
        ({"width": 2049}, False),
    ],
)
def test_a_picture_may_be_asked_for_as_the_only_model_takes_it(changes: dict[str, Any], *, expected: bool) -> None:
    assert is_taken("ImageBody", {"prompt": "a lighthouse"} | changes) is expected


@pytest.mark.parametrize(("height", "expected"), [(288, True), (289, False)])
def test_the_edges_of_a_video_are_even(height: int, *, expected: bool) -> None:
    assert is_taken("VideoBody", {"prompt": "a lighthouse", "height": height}) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"model": "sketch/image", "width": 256, "options": {"strokes": 3}}, True),
        ({"model": "sketch/image", "width": 256, "options": {}}, False),
        ({"model": "sketch/image", "width": 300, "options": {"strokes": 3}}, False),
        ({"width": 300}, True),
        ({"model": "sketch/image", "width": 256, "options": {"strokes": 3}, "inputs": ["a"]}, True),
    ],
)
def test_of_several_models_each_has_its_own_bounds(changes: dict[str, Any], *, expected: bool) -> None:
    assert is_taken("ImageBody", {"prompt": "a lighthouse"} | changes, (IMAGE_MODEL, SKETCH)) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"size": 200_000}, True),
        ({"size": 200_001}, False),
        ({"size": 200_001, "contentType": "video/mp4"}, True),
        ({"size": 900_001, "contentType": "video/mp4"}, False),
        ({"contentType": "image/svg+xml"}, False),
    ],
)
def test_an_upload_may_have_the_types_and_sizes_of_this_service(changes: dict[str, Any], *, expected: bool) -> None:
    assert is_taken("UploadBody", {"filename": "cat.png", "contentType": "image/png"} | changes) is expected


@pytest.mark.parametrize("name", ["cat.png", "猫", "🐱", "a/b", "é", "..a", "", ".", "a/", "___", "\u200b", "a\0b"])
def test_the_schema_takes_the_filenames_that_the_model_takes(name: str) -> None:
    body = {"filename": name, "contentType": "image/png"}
    try:
        UploadBody.model_validate(body, by_alias=True)
        expected = True
    except ValidationError:
        expected = False

    assert is_taken("UploadBody", body) is expected
