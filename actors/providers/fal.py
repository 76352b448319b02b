"""The `fal` provider: the queue of fal.ai, where a request is submitted, looked after and fetched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from yarl import URL

from actors.providers.asking import data_uris_of, worded
from actors.providers.base import Errand, GenerationRequest, Output, ProviderError, Reporter
from actors.providers.batches import BatchProvider, Make
from actors.providers.failures import failure, gave_up, unreadable, unusable
from actors.providers.http import Calls, HttpApi
from actors.providers.polling import Pace, polled, seen_through
from schema.provider_settings import TemplateSettings

NAME = "fal"
BASE_URL = "https://queue.fal.run"

# The types of errors, of requests and of models. The catalogue says which of them another try may mend.
_CODES: Mapping[str, str] = {
    "content_policy_violation": "content_policy",
    "no_media_generated": "no_output",
    "request_timeout": "timeout",
    "startup_timeout": "timeout",
    "generation_timeout": "timeout",
    "runner_scheduling_failure": "provider_unavailable",
    "runner_connection_timeout": "provider_unavailable",
    "runner_connection_refused": "provider_unavailable",
    "runner_connection_error": "provider_unavailable",
    "runner_disconnected": "provider_unavailable",
    "runner_incomplete_response": "provider_unavailable",
    "downstream_service_unavailable": "provider_unavailable",
}


def fal_api(key: str, base_url: str = BASE_URL) -> HttpApi:
    """The queue at `base_url`."""
    return HttpApi(base_url, {"Authorization": f"Key {key}"}, refusal=_refusal)


@dataclass(frozen=True, slots=True)
class FalProvider(BatchProvider):
    """One request an output, as its entry's template has it. `settings` are by model id."""

    settings: Mapping[str, TemplateSettings]
    pace: Pace = field(default_factory=Pace)
    name: str = NAME

    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        return _Requests(calls, self.settings[request.model], request, report, scratch, self.pace).make


@dataclass(frozen=True, slots=True)
class _Requests:
    """The requests of one job. One is known by the path of its answer; those to look and to cancel begin with it."""

    calls: Calls
    settings: TemplateSettings
    request: GenerationRequest
    report: Reporter
    scratch: Path
    pace: Pace

    async def make(self, index: int, errand: Errand) -> Output:
        """One output, or the one that an earlier attempt has under way. Raises `ProviderError`."""
        answer = await self._answer(index, errand)
        if (answer.get("has_nsfw_concepts") or [False])[0] is True:
            # What comes then is black.
            raise failure("content_policy")
        media = _media(answer, self.request.kind)
        file = self.scratch / str(index)
        fetch = partial(self.calls.download, str(media["url"]), file, self.request.kind)
        content_type = await polled(fetch, self.pace)
        width, height = _size(media, self.request)
        seed = answer.get("seed")
        duration = self.request.duration_seconds
        return Output(
            index, file, content_type, width, height, seed if isinstance(seed, int) else None, duration_seconds=duration
        )

    async def _answer(self, index: int, errand: Errand) -> Mapping[str, Any]:
        images = await data_uris_of(self.request)
        body = worded(self.settings.input, self.request, index, images=images, ratios=self.settings.ratios)
        found: Mapping[str, Any] | ProviderError = await seen_through(
            errand, partial(self._submit, body), self._look, self._call_off, self.pace
        )
        if not isinstance(found, ProviderError):
            return found
        if found.retryable:
            # It ended there without a result: another attempt begins anew.
            await errand.forget()
        raise found

    async def _submit(self, body: Mapping[str, Any]) -> str:
        answer = await self.calls.json("POST", self.request.upstream_model, body=body, meanings={404: "model_retired"})
        match answer:
            case {"response_url": str(url)}:
                # The path alone: whatever host an answer names, our key goes to the one that is configured.
                return URL(url).path
        raise unreadable()

    async def _look(self, path: str) -> Mapping[str, Any] | ProviderError | None:
        """The answer, or what it failed by, once there is one of them."""
        try:
            status = await self.calls.looked_up(f"{path}/status")
            match status:
                case {"status": "IN_QUEUE"}:
                    position = status.get("queue_position")
                    self.report.queued(position + 1 if isinstance(position, int) else None)
                    return None
                case {"status": "IN_PROGRESS"}:
                    self.report.phase(f"Generating the {self.request.kind}")
                    return None
                case {"status": "COMPLETED", "error": str(error)} if error:
                    return _meaning([status.get("error_type")]) or gave_up()
                case {"status": "COMPLETED"}:
                    answer = await self.calls.looked_up(path)
                    return answer if isinstance(answer, dict) else unreadable()
        except _Told as error:
            return error
        raise unreadable()

    async def _call_off(self, path: str) -> None:
        await self.calls.json("PUT", f"{path}/cancel")


class _Told(ProviderError):
    """What became of the request itself, and no hiccup of the call: asked again, it would say the same."""


def _refusal(status: int, body: Any) -> ProviderError | None:
    match body:
        case {"detail": str(detail)}:
            if status == 403 and "balance" in detail:  # noqa: PLR2004
                return failure("quota_exceeded")
            return _meaning([body.get("error_type")])
        case {"detail": [*errors]}:
            return _meaning([each.get("type") for each in errors if isinstance(each, dict)])
    return None


def _meaning(types: Iterable[object]) -> ProviderError | None:
    code = next((_CODES[str(each)] for each in types if str(each) in _CODES), None)
    if code is None:
        return None
    known = failure(code)
    return _Told(code, known.message, retryable=known.retryable)


def _media(answer: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The first file of the answer, wherever this model has it. Raises `ProviderError`."""
    for name in (f"{kind}s", kind):
        found = answer.get(name)
        file = found[0] if isinstance(found, list) and found else found
        if isinstance(file, dict) and isinstance(file.get("url"), str):
            return file
    raise unusable("The provider finished without any media.")


def _size(media: Mapping[str, Any], request: GenerationRequest) -> tuple[int, int]:
    """The size that the answer tells in pixels, else the one that was asked for."""
    match media:
        case {"width": int(width), "height": int(height)} if width > 0 and height > 0:
            return width, height
    return request.width, request.height
