"""How a request is put into an API's own words: inputs as text, shapes by their names, templates with its values."""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import Any

from actors.providers.base import GenerationRequest, whole_prompt
from schema.template import filled, names_in, option_of


async def contents_of(request: GenerationRequest) -> list[tuple[str, str]]:
    """The inputs, each as its content type and its bytes in base64."""
    contents = []
    for given in request.inputs:
        content = await asyncio.to_thread(given.file.read_bytes)
        contents.append((given.content_type, base64.b64encode(content).decode()))
    return contents


def aspect_ratio(request: GenerationRequest, offered: Iterable[str]) -> str:
    """That of the `offered` ratios ("16:9") which is nearest to the size that was asked for."""
    wanted = request.width / request.height

    def distance(ratio: str) -> float:
        width, _, height = ratio.partition(":")
        offer = int(width) / int(height)
        return max(offer / wanted, wanted / offer)

    return min(offered, key=distance)


def nearest(request: GenerationRequest, offered: Iterable[str]) -> str:
    """That of the `offered` sizes in pixels ("1280:720") which is nearest: in its shape first, then in its area."""

    def distance(size: str) -> tuple[float, float]:
        width, height = map(int, size.split(":"))
        shape = (width / height) / (request.width / request.height)
        area = (width * height) / (request.width * request.height)
        return max(shape, 1 / shape), max(area, 1 / area)

    return min(offered, key=distance)


async def data_uris_of(request: GenerationRequest) -> list[str]:
    """The inputs as `data:` URIs."""
    return [f"data:{content_type};base64,{content}" for content_type, content in await contents_of(request)]


def worded(
    template: Mapping[str, Any],
    request: GenerationRequest,
    index: int,
    *,
    images: Sequence[str] = (),
    ratios: Sequence[str] = (),
) -> dict[str, Any]:
    """A template with the values of one output in it; `images` are what the API knows the inputs by.

    Options that it doesn't mention stand beside what it has.
    """
    mentioned = {option_of(name) for name, _ in names_in(template)}
    beside = {name: value for name, value in request.options.items() if name not in mentioned}
    values = values_of(template, request, index, images=images, ratios=ratios)
    return {**filled(template, values), **beside}


def values_of(
    template: Mapping[str, Any],
    request: GenerationRequest,
    index: int,
    *,
    images: Sequence[str] = (),
    ratios: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the names of a template stand for, for one output; `defaults` are those of options that were not given."""
    names = {name for name, _ in names_in(template)}
    options = {**(defaults or {}), **request.options}
    return {f"options.{name}": value for name, value in options.items()} | {
        "prompt": request.prompt if "negativePrompt" in names else whole_prompt(request),
        "negativePrompt": request.negative_prompt or None,
        "seed": request.seed + index,
        "width": request.width,
        "height": request.height,
        "aspectRatio": aspect_ratio(request, ratios) if ratios else _reduced(request),
        "durationSeconds": _number(request.duration_seconds),
        "fps": request.fps,
        "frames": _frames(request),
        "image": images[0] if images else None,
        "images": list(images) or None,
    }


def defaults_of(options_schema: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of options, by their schema."""
    properties = options_schema.get("properties", {})
    return {name: schema["default"] for name, schema in properties.items() if "default" in schema}


def _reduced(request: GenerationRequest) -> str:
    part = gcd(request.width, request.height)
    return f"{request.width // part}:{request.height // part}"


def _number(seconds: float | None) -> float | int | None:
    """Whole seconds as an integer, for that is what most APIs take."""
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds


def _frames(request: GenerationRequest) -> int | None:
    if request.duration_seconds is None or request.fps is None:
        return None
    return max(1, round(request.duration_seconds * request.fps))
