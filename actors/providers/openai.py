"""The `openai` provider: the Images API, and whatever speaks it at another base URL."""

import json
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from actors.providers.base import (
    Errand,
    GenerationRequest,
    Output,
    ProviderError,
    Reporter,
    whole_prompt,
)
from actors.providers.batches import BatchProvider, Make
from actors.providers.downloads import decoded, preview, save
from actors.providers.failures import AnswerLost, failure, gave_up, unusable
from actors.providers.http import Calls, HttpApi
from actors.providers.prices import TokenPrices

NAME = "openai"
BASE_URL = "https://api.openai.com/v1"

# The codes and types of errors. The catalogue says which of them another try may mend.
_CODES: Mapping[str, str] = {
    "moderation_blocked": "content_policy",
    "content_policy_violation": "content_policy",
    "insufficient_quota": "quota_exceeded",
    "billing_hard_limit_reached": "quota_exceeded",
    "model_not_found": "model_retired",
    "rate_limit_exceeded": "rate_limited",
}


def openai_api(key: str, base_url: str = BASE_URL) -> HttpApi:
    """The API at `base_url`. A picture takes minutes, and a connection that is given up early loses a paid one."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return HttpApi(base_url, headers, seconds=600.0, silence_seconds=300.0, refusal=_refusal)


@dataclass(frozen=True, slots=True)
class OpenAIProvider(BatchProvider):
    """Generates, or edits where there are inputs; one call a picture, so that a blocked one leaves the others be.

    Options are the API's own parameters; with `partial_images` the answer is streamed. `prices` are by model id.
    """

    prices: Mapping[str, TokenPrices] = field(default_factory=dict)
    name: str = NAME

    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        return _Pictures(calls, request, report, scratch, self.prices.get(request.model)).make


@dataclass(frozen=True, slots=True)
class _Pictures:
    calls: Calls
    request: GenerationRequest
    report: Reporter
    scratch: Path
    prices: TokenPrices | None

    async def make(self, index: int, errand: Errand) -> Output:  # noqa: ARG002  # the API keeps nothing to pick up
        """One picture. Raises `ProviderError`."""
        with ExitStack() as files:
            answer = await self._answer(_ask(self.request, files))
        file = self.scratch / str(index)
        content_type = await self._save(answer, file)
        width, height = _size(answer, self.request)
        cost = self.prices.cost(answer.get("usage")) if self.prices else None
        return Output(index, file, content_type, width, height, seed=None, cost=cost)

    async def _answer(self, ask: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer, or the event, that has the picture."""
        path = "images/edits" if "form" in ask else "images/generations"
        if "partial_images" in self.request.options:
            return await self._streamed(path, ask)
        answer = await self.calls.json("POST", path, meanings={404: "model_retired"}, **ask)
        match answer:
            case {"data": [{**picture}, *_]}:
                return {**answer, **picture}
        raise unusable("The provider finished without a picture.")

    async def _streamed(self, path: str, ask: Mapping[str, Any]) -> Mapping[str, Any]:
        async with self.calls.events("POST", path, meanings={404: "model_retired"}, **ask) as events:
            async for event in events:
                said = event.object()
                if str(said.get("type")).endswith(".partial_image"):
                    with suppress(ProviderError):
                        self.report.preview(*preview(said.get("b64_json")))
                elif str(said.get("type")).endswith(".completed"):
                    return said
                elif event.name == "error" or "error" in said:
                    raise _refusal(0, said if "error" in said else {"error": said}) or gave_up()
        raise AnswerLost

    async def _save(self, answer: Mapping[str, Any], file: Path) -> str:
        if not answer.get("url"):
            return await save(decoded(answer.get("b64_json")), file, "image")
        try:
            return await self.calls.download(answer["url"], file, "image")
        except ProviderError as error:
            # It is made and paid for, and there is no second call that shows where it is.
            raise unusable(error.message) from error


def _ask(request: GenerationRequest, files: ExitStack) -> dict[str, Any]:
    """What to send: a JSON body, or a form where there are inputs, whose `files` are closed with the stack."""
    fields: dict[str, Any] = {
        "model": request.upstream_model,
        "prompt": whole_prompt(request),
        "n": 1,
        "size": f"{request.width}x{request.height}",
        **request.options,
    }
    if "partial_images" in fields:
        fields["stream"] = True
    if not request.inputs:
        return {"body": fields}
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    for given in request.inputs:
        name = "image" if len(request.inputs) == 1 else "image[]"
        file = files.enter_context(given.file.open("rb"))
        form.add_field(name, file, filename=given.file.name, content_type=given.content_type)
    return {"form": form}


def _refusal(_status: int, body: Any) -> ProviderError | None:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    code = _CODES.get(str(error.get("code"))) or _CODES.get(str(error.get("type")))
    return failure(code) if code else None


def _size(answer: Mapping[str, Any], request: GenerationRequest) -> tuple[int, int]:
    """The size that the answer tells in pixels, else the one that was asked for."""
    width, _, height = str(answer.get("size")).partition("x")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (request.width, request.height)
