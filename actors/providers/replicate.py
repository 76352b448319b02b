"""The `replicate` provider: predictions of Replicate's API, of official models or of a version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from actors.providers.asking import worded
from actors.providers.base import Errand, GenerationRequest, Output, ProviderError, Reporter
from actors.providers.batches import BatchProvider, Make, Share
from actors.providers.failures import failure, gave_up, unreadable, unusable
from actors.providers.http import Calls, HttpApi
from actors.providers.polling import Pace, polled, seen_through
from schema.provider_settings import TemplateSettings

NAME = "replicate"
BASE_URL = "https://api.replicate.com/v1"

_WORDS_OF_A_BLOCK = ("nsfw", "sensitive", "safety", "content policy", "flagged", "moderation")
_WORDS_OF_A_BAD_INPUT = ("invalid input",)

# A progress bar of tqdm: " 42%|####      | 21/50 [00:03<00:04, 6.9it/s]". The last one of a line counts.
_BAR = re.compile(r"\d+%\|[^|\r\n]*\|\s*(\d+)/(\d+)")
_RESETS = re.compile(r"resets in ~?(\d+(?:\.\d+)?)s")


def replicate_api(key: str, base_url: str = BASE_URL) -> HttpApi:
    """The API at `base_url`."""
    return HttpApi(base_url, {"Authorization": f"Bearer {key}"}, refusal=_refusal)


@dataclass(frozen=True, slots=True)
class ReplicateProvider(BatchProvider):
    """One prediction an output, as its entry's template has it. `settings` are by model id."""

    settings: Mapping[str, TemplateSettings]
    pace: Pace = field(default_factory=Pace)
    name: str = NAME

    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        return _Predictions(calls, self.settings[request.model], request, report, scratch, self.pace).make


@dataclass(frozen=True, slots=True)
class _Predictions:
    calls: Calls
    settings: TemplateSettings
    request: GenerationRequest
    report: Reporter
    scratch: Path
    pace: Pace

    async def make(self, index: int, errand: Errand) -> Output:
        """One output, or the one that an earlier attempt has under way. Raises `ProviderError`."""
        share = Share(self.report, self.request, index)
        look = partial(self._look, share)
        url = await seen_through(errand, partial(self._submit, index), look, self._call_off, self.pace)
        file = self.scratch / str(index)
        content_type = await polled(partial(self.calls.download, url, file, self.request.kind), self.pace)
        request = self.request
        duration = request.duration_seconds
        return Output(
            index, file, content_type, request.width, request.height, request.seed + index, duration_seconds=duration
        )

    async def _submit(self, index: int) -> str:
        images = [await self._uploaded(given.file, given.content_type) for given in self.request.inputs]
        asked = worded(self.settings.input, self.request, index, images=images, ratios=self.settings.ratios)
        upstream = self.request.upstream_model
        version = upstream.rpartition(":")[2] if ":" in upstream else None
        path = "predictions" if version else f"models/{upstream}/predictions"
        body = {"version": version, "input": asked} if version else {"input": asked}
        answer = await self.calls.json("POST", path, body=body, meanings={404: "model_retired"})
        match answer:
            case {"id": str(id)} if re.fullmatch(r"\w+", id):
                return id
        raise unreadable()

    async def _uploaded(self, file: Path, content_type: str) -> str:
        """Where the API can read an input. It deletes what it was given after a day."""
        with file.open("rb") as stream:
            form = aiohttp.FormData()
            form.add_field("content", stream, filename=file.name, content_type=content_type)
            answer = await self.calls.json("POST", "files", form=form)
        match answer:
            case {"urls": {"get": str(url)}}:
                return url
        raise unreadable()

    async def _look(self, share: Share, id: str) -> str | None:
        """Where the output lies, once it does."""
        answer = await self.calls.looked_up(f"predictions/{id}")
        match answer:
            case {"status": "starting"}:
                self.report.queued(None)
            case {"status": "processing"}:
                _tell(share, answer.get("logs"))
            case {"status": "succeeded"}:
                return _first(answer.get("output"))
            case {"status": "failed"}:
                raise _failed(str(answer.get("error")).casefold())
            case {"status": "canceled" | "aborted"}:
                raise gave_up()
            case _:
                raise unreadable()
        return None

    async def _call_off(self, id: str) -> None:
        await self.calls.json("POST", f"predictions/{id}/cancel")


def _tell(share: Share, logs: object) -> None:
    """How far the newest bar in the logs is; a model that prints none tells nothing."""
    bars = _BAR.findall(logs) if isinstance(logs, str) else []
    if bars:
        done, total = map(int, bars[-1])
        share.at(done, total, f"Step {done} of {total}")


def _first(output: object) -> str:
    match output:
        case str(url) | [str(url), *_] if url:
            return url
    raise unusable("The provider finished without any media.")


def _failed(error: str) -> ProviderError:
    if any(word in error for word in _WORDS_OF_A_BLOCK):
        return failure("content_policy")
    return failure("invalid_input") if any(word in error for word in _WORDS_OF_A_BAD_INPUT) else gave_up()


def _refusal(status: int, body: Any) -> ProviderError | None:
    detail = str(body.get("detail")) if isinstance(body, dict) else ""
    if status == 429:  # noqa: PLR2004
        resets = _RESETS.search(detail)
        return failure("rate_limited", retry_after=float(resets[1])) if resets else None
    if status == 422 and "version" in detail.casefold() and "permitted" in detail:  # noqa: PLR2004
        return failure("model_retired")
    return None
