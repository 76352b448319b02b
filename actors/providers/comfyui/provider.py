"""The provider itself: each output is a prompt, noted before it is sent, and followed until its history is there."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from mimetypes import guess_extension
from pathlib import Path
from typing import Any
from uuid import uuid4

from actors.providers.asking import defaults_of, values_of
from actors.providers.base import Errand, GenerationRequest, Output, ProviderError, Reporter
from actors.providers.batches import BatchProvider, Make, Share
from actors.providers.comfyui.hints import Hints, Progress
from actors.providers.comfyui.results import failure_of, output_of
from actors.providers.comfyui.server import Server, Waiting
from actors.providers.failures import failure
from actors.providers.http import Calls
from actors.providers.polling import Pace, called_off, polled, seen_to_its_end
from schema.provider_settings import WorkflowSettings
from schema.template import filled

NAME = "comfyui"
PACE = Pace(first_seconds=0.5, longest_seconds=5.0)
LOOKS_IN_VAIN = 3
"""So often in a row a prompt must be nowhere to be taken for gone."""


@dataclass(frozen=True, slots=True)
class ComfyUIProvider(BatchProvider):
    """Fills the workflow of its entry. `settings` are by model id."""

    settings: Mapping[str, WorkflowSettings]
    pace: Pace = PACE
    name: str = NAME

    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        schema = next(model.options_schema for model in self.offered if model.id == request.model)
        return _Prompts(
            Server(calls), self.settings[request.model], request, report, scratch, self.pace, defaults_of(schema)
        ).make


@dataclass(frozen=True, slots=True)
class _Prompts:
    server: Server
    settings: WorkflowSettings
    request: GenerationRequest
    report: Reporter
    scratch: Path
    pace: Pace
    defaults: Mapping[str, Any] = field(default_factory=dict)

    async def make(self, index: int, errand: Errand) -> Output:
        """One output, or the one that an earlier attempt has under way. Raises `ProviderError`."""
        request = self.request
        entry = await self._finished(index, errand)
        output = output_of(entry, request.kind, self.settings.output)
        file = self.scratch / str(index)
        content_type = await polled(partial(self.server.download, output, file, request.kind), self.pace)
        return Output(
            index,
            file,
            content_type,
            request.width,
            request.height,
            request.seed + index,
            duration_seconds=request.duration_seconds,
        )

    async def _finished(self, index: int, errand: Errand) -> Mapping[str, Any]:
        """The history of the prompt, once it has succeeded."""
        graph = await self._graph(index)
        is_new = errand.id is None
        prompt = errand.id or str(uuid4())
        hints = Hints(prompt, Progress(graph, Share(self.report, self.request, index)), self.report)
        async with (
            hints.heard(self.server.calls, self.pace.longest_seconds),
            called_off(errand, partial(self.server.call_off, prompt)),
        ):
            if is_new:
                await errand.note(prompt)
            if is_new or await self._look(prompt) is None:
                # Of an earlier attempt's that is nowhere: the server was begun anew, or never heard of it. Nobody pays
                # for sending it again.
                await self._send(prompt, graph, errand)
            entry = await self._followed(prompt, hints)
        error = failure("provider_unavailable") if entry is None else failure_of(entry)
        if entry is not None and error is None:
            return entry
        raise await self._given_up(error or failure("provider_unavailable"), errand)

    async def _given_up(self, error: ProviderError, errand: Errand) -> ProviderError:
        if error.retryable:
            # It is not there any more, and cost nobody anything.
            await errand.forget()
        return error

    async def _graph(self, index: int) -> dict[str, Any]:
        images = []
        for number, given in enumerate(self.request.inputs):
            name = f"{self.request.job_id}-{number}{guess_extension(given.content_type) or ''}"
            images.append(await self.server.upload(given, name))
        workflow = self.settings.graph
        values = values_of(workflow, self.request, index, images=images, defaults=self.defaults)
        # A node that encodes a text needs one, be it empty.
        graph: dict[str, Any] = filled(workflow, {**values, "negativePrompt": self.request.negative_prompt})
        return graph

    async def _send(self, id: str, graph: Mapping[str, Any], errand: Errand) -> None:
        """Have it queued. Where the answer is lost, looking for it says whether it is."""

        async def nothing_more(_: None) -> None:
            return

        try:
            await seen_to_its_end(self.server.send(id, graph), nothing_more)
        except ProviderError as error:
            if not error.maybe_billed:
                await errand.forget()
                raise

    async def _look(self, id: str) -> Waiting | Mapping[str, Any] | None:
        """Where it is; None when it is nowhere, each time of several."""
        for _ in range(LOOKS_IN_VAIN):
            found = await polled(partial(self._found, id), self.pace)
            if found.what is not None:
                return found.what
            await self.pace.sleep(self.pace.first_seconds)
        return None

    async def _found(self, id: str) -> "_Found":
        return _Found(await self.server.look(id))

    async def _followed(self, id: str, hints: Hints) -> Mapping[str, Any] | None:
        """Its history, once it has one; None when it is gone."""
        pause = self.pace.first_seconds
        while True:
            hints.news.clear()
            found = await self._look(id)
            if not isinstance(found, Waiting):
                return found
            if found.place:
                self.report.queued(found.place)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await hints.news.wait()
            pause = min(pause * self.pace.growth, self.pace.longest_seconds)


@dataclass(frozen=True, slots=True)
class _Found:
    what: Waiting | Mapping[str, Any] | None
