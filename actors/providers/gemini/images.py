"""Pictures by `generateContent`: one call each, answered with the picture inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.providers.asking import aspect_ratio, contents_of
from actors.providers.base import Errand, GenerationRequest, Output, whole_prompt
from actors.providers.downloads import decoded, save
from actors.providers.failures import failure, unusable
from actors.providers.http import Calls
from actors.providers.prices import TokenPrices

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
MOST_SEED = 2**31 - 1

_BLOCKED = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"}
    | {"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one job. `prices` are the model's, where they are known."""

    calls: Calls
    request: GenerationRequest
    scratch: Path
    prices: TokenPrices | None

    async def make(self, index: int, errand: Errand) -> Output:  # noqa: ARG002  # the API keeps nothing to pick up
        """One picture. Its size is nearly what was asked for: the API knows ratios. Raises `ProviderError`."""
        request = self.request
        seed = request.seed + index if request.seed + index <= MOST_SEED else None
        path = f"models/{request.upstream_model}:generateContent"
        body = await _body(request, seed)
        answer = await self.calls.json("POST", path, body=body, meanings={404: "model_retired"})
        file = self.scratch / str(index)
        content_type = await save(decoded(_picture(answer)), file, "image")
        cost = self.prices.cost(_usage(answer.get("usageMetadata"))) if self.prices else None
        return Output(index, file, content_type, request.width, request.height, seed, cost=cost)


async def _body(request: GenerationRequest, seed: int | None) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": whole_prompt(request)}]
    for content_type, content in await contents_of(request):
        parts.append({"inlineData": {"mimeType": content_type, "data": content}})
    config: dict[str, Any] = {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": aspect_ratio(request, RATIOS), **request.options},
    }
    if seed is not None:
        config["seed"] = seed
    return {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}


def _picture(answer: Any) -> str:
    """The picture in base64; those that the model made while it thought are none. Raises `ProviderError`."""
    candidate: Mapping[Any, Any] = {}
    match answer:
        case {"promptFeedback": {"blockReason": _}}:
            raise failure("content_policy")
        case {"candidates": [{**first}, *_]}:
            candidate = first
    match candidate.get("content"):
        case {"parts": [*parts]}:
            for part in parts:
                match part:
                    case {"thought": True}:
                        continue
                    case {"inlineData": {"data": str(data)}}:
                        return data
    if candidate.get("finishReason") in _BLOCKED:
        raise failure("content_policy")
    raise unusable("The provider finished without a picture.")


def _usage(metadata: Any) -> dict[str, Any] | None:
    """The usage in the shape that prices read; what the model thought is text that it made."""
    if not isinstance(metadata, dict):
        return None
    made = _by_sort(metadata.get("candidatesTokensDetails"), {"image_tokens": metadata.get("candidatesTokenCount")})
    thoughts = metadata.get("thoughtsTokenCount")
    if isinstance(thoughts, int):
        made["text_tokens"] = (made.get("text_tokens") or 0) + thoughts
    given = _by_sort(metadata.get("promptTokensDetails"), {"text_tokens": metadata.get("promptTokenCount")})
    return {"input_tokens_details": given, "output_tokens_details": made}


def _by_sort(details: Any, otherwise: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(details, list):
        return otherwise
    counts = {}
    for each in details:
        match each:
            case {"modality": str(modality), "tokenCount": int(count)}:
                counts[f"{modality.lower()}_tokens"] = count
    return counts
