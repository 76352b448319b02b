"""The `runway` provider: tasks of Runway's API, whose progress it tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from actors.providers.asking import data_uris_of, nearest
from actors.providers.base import Errand, GenerationRequest, Output, ProviderError, Reporter, whole_prompt
from actors.providers.batches import BatchProvider, Make, Share
from actors.providers.failures import failure, gave_up, unreadable, unusable
from actors.providers.http import Calls, HttpApi
from actors.providers.polling import Pace, polled, seen_through
from schema.provider_settings import RatioSettings

NAME = "runway"
BASE_URL = "https://api.dev.runwayml.com/v1"
VERSION = "2024-11-06"
PACE = Pace(first_seconds=5.0, longest_seconds=10.0)
"""A task's state is not renewed more often than every five seconds."""


def runway_api(key: str, base_url: str = BASE_URL) -> HttpApi:
    """The API at `base_url`."""
    return HttpApi(base_url, {"Authorization": f"Bearer {key}", "X-Runway-Version": VERSION}, refusal=_refusal)


@dataclass(frozen=True, slots=True)
class RunwayProvider(BatchProvider):
    """One task an output, of the size among its entry's that is nearest. `settings` are by model id."""

    settings: Mapping[str, RatioSettings]
    pace: Pace = PACE
    name: str = NAME

    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        return _Tasks(calls, self.settings[request.model], request, report, scratch, self.pace).make


@dataclass(frozen=True, slots=True)
class _Tasks:
    calls: Calls
    settings: RatioSettings
    request: GenerationRequest
    report: Reporter
    scratch: Path
    pace: Pace

    async def make(self, index: int, errand: Errand) -> Output:
        """One output, or the one that an earlier attempt has under way. Raises `ProviderError`."""
        request = self.request
        ratio = nearest(request, self.settings.ratios)
        look = partial(self._look, Share(self.report, request, index))
        url = await seen_through(errand, partial(self._submit, index, ratio), look, self._call_off, self.pace)
        file = self.scratch / str(index)
        content_type = await polled(partial(self.calls.download, url, file, request.kind), self.pace)
        width, height = map(int, ratio.split(":"))
        seed = request.seed + index if self.settings.seed else None
        return Output(index, file, content_type, width, height, seed, duration_seconds=request.duration_seconds)

    async def _submit(self, index: int, ratio: str) -> str:
        request = self.request
        images = await data_uris_of(request)
        body: dict[str, Any] = {
            "model": request.upstream_model,
            "promptText": whole_prompt(request),
            "ratio": ratio,
            **request.options,
        }
        if self.settings.seed:
            body["seed"] = request.seed + index
        if request.kind == "image":
            path = "text_to_image"
            if images:
                body["referenceImages"] = [{"uri": each} for each in images]
        else:
            path = "image_to_video" if images else "text_to_video"
            if request.duration_seconds is not None:
                body["duration"] = round(request.duration_seconds)
            if images:
                body["promptImage"] = images[0]
        answer = await self.calls.json("POST", path, body=body, meanings={404: "model_retired"})
        match answer:
            case {"id": str(id)} if id and "/" not in id:
                return id
        raise unreadable()

    async def _look(self, share: Share, id: str) -> str | None:
        """Where the output lies, once it does."""
        answer = await self.calls.looked_up(f"tasks/{id}")
        match answer:
            case {"status": "PENDING" | "THROTTLED"}:
                self.report.queued(None)
            case {"status": "RUNNING"}:
                progress = answer.get("progress")
                share.at(progress if isinstance(progress, int | float) else 0.0, 1.0)
            case {"status": "SUCCEEDED", "output": [str(url), *_]} if url:
                return url
            case {"status": "SUCCEEDED"}:
                raise unusable("The provider finished without any media.")
            case {"status": "FAILED"}:
                raise _failed(str(answer.get("failureCode")))
            case {"status": "CANCELLED"}:
                raise gave_up()
            case _:
                raise unreadable()
        return None

    async def _call_off(self, id: str) -> None:
        await self.calls.json("DELETE", f"tasks/{id}")


def _failed(code: str) -> ProviderError:
    if "SAFETY" in code.split("."):
        return failure("content_policy")
    return failure("invalid_input") if code.startswith("ASSET.") else gave_up()


def _refusal(status: int, body: Any) -> ProviderError | None:
    if status != 400 or not isinstance(body, dict):  # noqa: PLR2004
        return None
    if "credits" in str(body.get("error")).casefold():
        return failure("quota_exceeded")
    match body.get("issues"):
        case [{"path": ["model", *_]}, *_]:
            return failure("model_retired")
    return None
