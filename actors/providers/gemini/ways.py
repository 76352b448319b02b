"""The two ways to a video, an interaction or an operation of Veo: what is sent, where it is looked up, how it reads."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.providers.asking import aspect_ratio, contents_of
from actors.providers.base import GenerationRequest, ProviderError, whole_prompt
from actors.providers.failures import failure, gave_up, unusable

RATIOS = ("16:9", "9:16")

_WORDS_OF_A_BLOCK = ("safety", "prohibited", "policy", "blocked", "guidelines", "responsible ai")

# The shorter edge, and what it is called.
_RESOLUTIONS = ((400, "360p"), (720, "720p"), (1080, "1080p"))


@dataclass(frozen=True, slots=True)
class Video:
    """A finished one: where it lies, or itself in base64."""

    uri: str | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One API for videos. `id` is the field of the answer that names the job, and fills `look` and `call_off`.

    `read` is the video, or None while it is being made; raises `ProviderError`.
    """

    submit: Callable[[str], str]
    body: Callable[[GenerationRequest], Awaitable[dict[str, Any]]]
    id: str
    look: str
    call_off: str
    read: Callable[[Mapping[str, Any]], Video | None]
    headers: Mapping[str, str]


def way_of(request: GenerationRequest) -> Way:
    """Veo has operations; whatever is newer has interactions."""
    return OPERATIONS if request.upstream_model.startswith("veo-") else INTERACTIONS


async def _interaction(request: GenerationRequest) -> dict[str, Any]:
    given = [
        {"type": content_type.partition("/")[0], "mime_type": content_type, "data": content}
        for content_type, content in await contents_of(request)
    ]
    video = {
        "type": "video",
        "aspect_ratio": aspect_ratio(request, RATIOS),
        "resolution": _resolution(request),
        **({"duration": f"{request.duration_seconds:g}s"} if request.duration_seconds else {}),
        **request.options,
    }
    return {
        "model": request.upstream_model,
        "input": [{"type": "text", "text": whole_prompt(request)}, *given],
        "background": True,
        "response_modalities": ["video"],
        "response_format": video,
    }


def _read_interaction(answer: Mapping[str, Any]) -> Video | None:
    match answer.get("status"):
        case "queued" | "in_progress":
            return None
        case "failed":
            raise _failed(_told(answer))
        case "budget_exceeded":
            raise failure("quota_exceeded")
        case "cancelled":
            raise gave_up()
    for content in _made(answer):
        match content:
            case {"type": "video", "uri": str(uri)}:
                return Video(uri=uri)
            case {"type": "video", "data": str(data)}:
                return Video(data=data)
    raise unusable("The provider finished without a video.")


def _made(answer: Mapping[str, Any]) -> list[Any]:
    """All that the model gave out, step by step."""
    steps = answer.get("steps")
    contents = [
        step.get("content") for step in steps or () if isinstance(step, dict) and step.get("type") == "model_output"
    ]
    return [each for content in contents if isinstance(content, list) for each in content]


def _told(answer: Mapping[str, Any]) -> str:
    """The codes of what went wrong, which are URIs."""
    return " ".join(str(each.get("code")) for each in answer.get("errors") or () if isinstance(each, dict))


def _failed(told: str) -> ProviderError:
    """What tells a block from a failure is not documented; the words that were seen are all there is."""
    if any(word in told.lower() for word in _WORDS_OF_A_BLOCK):
        return failure("content_policy")
    return gave_up()


async def _operation(request: GenerationRequest) -> dict[str, Any]:
    instance: dict[str, Any] = {"prompt": request.prompt}
    for content_type, content in (await contents_of(request))[:1]:
        instance["image"] = {"bytesBase64Encoded": content, "mimeType": content_type}
    parameters = {
        "aspectRatio": aspect_ratio(request, RATIOS),
        "resolution": _resolution(request),
        "durationSeconds": request.duration_seconds and round(request.duration_seconds),
        "negativePrompt": request.negative_prompt,
        **request.options,
    }
    return {"instances": [instance], "parameters": {name: value for name, value in parameters.items() if value}}


def _read_operation(answer: Mapping[str, Any]) -> Video | None:
    if not answer.get("done"):
        return None
    if "error" in answer:
        raise _failed(str(answer["error"]))
    match answer.get("response"):
        case {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": str(uri)}}, *_]}}:
            return Video(uri=uri)
        case {"generateVideoResponse": {"generatedSamples": [{"video": {"encodedVideo": str(data)}}, *_]}}:
            return Video(data=data)
        case {"generateVideoResponse": {"raiMediaFilteredCount": int(count)}} if count > 0:
            raise failure("content_policy")
    raise unusable("The provider finished without a video.")


def _resolution(request: GenerationRequest) -> str:
    edge = min(request.width, request.height)
    return next((name for most, name in _RESOLUTIONS if edge <= most), "4k")


INTERACTIONS = Way(
    submit=lambda _model: "interactions",
    body=_interaction,
    id="id",
    look="interactions/{id}",
    call_off="interactions/{id}/cancel",
    read=_read_interaction,
    headers={"Api-Revision": "2026-05-20"},
)
OPERATIONS = Way(
    submit=lambda model: f"models/{model}:predictLongRunning",
    body=_operation,
    id="name",
    look="{id}",
    call_off="{id}:cancel",
    read=_read_operation,
    headers={},
)
