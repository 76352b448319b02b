"""Videos: each is a job of the API's own, submitted, noted, waited for, and fetched as soon as it is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from actors.providers.base import Errand, GenerationRequest, Output, Reporter
from actors.providers.downloads import decoded, save
from actors.providers.failures import unreadable
from actors.providers.gemini.ways import Video, Way
from actors.providers.http import Calls
from actors.providers.polling import Pace, polled, seen_through


@dataclass(frozen=True, slots=True)
class Videos:
    """The videos of one job, by one of the ways."""

    calls: Calls
    way: Way
    request: GenerationRequest
    report: Reporter
    scratch: Path
    pace: Pace

    async def make(self, index: int, errand: Errand) -> Output:
        """One video, or the one that an earlier attempt has under way. Raises `ProviderError`."""
        video = await seen_through(errand, self._submit, self._look, self._call_off, self.pace)
        file = self.scratch / str(index)
        request = self.request
        content_type = await self._save(video, file)
        return Output(
            index,
            file,
            content_type,
            request.width,
            request.height,
            seed=None,
            duration_seconds=request.duration_seconds,
        )

    async def _submit(self) -> str:
        path, body = self.way.submit(self.request.upstream_model), await self.way.body(self.request)
        answer = await self._call("POST", path, body=body, meanings={404: "model_retired"})
        match answer.get(self.way.id):
            case str(job) if job:
                return job
        raise unreadable()

    async def _look(self, id: str) -> Video | None:
        answer = await self.calls.looked_up(self.way.look.format(id=id), headers=self.way.headers)
        if not isinstance(answer, dict):
            raise unreadable()
        if answer.get("status") == "queued":
            self.report.queued(None)
        return self.way.read(answer)

    async def _call_off(self, id: str) -> None:
        await self._call("POST", self.way.call_off.format(id=id), body={})

    async def _call(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        answer = await self.calls.json(method, path, headers=self.way.headers, **options)
        if not isinstance(answer, dict):
            raise unreadable()
        return answer

    async def _save(self, video: Video, file: Path) -> str:
        if video.uri is None:
            return await save(decoded(video.data), file, "video")
        # It is made and paid for: a connection that fails is no reason to have another made.
        return await polled(partial(self.calls.download, video.uri, file, "video"), self.pace)
