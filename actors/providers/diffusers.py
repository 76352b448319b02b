"""The `diffusers` provider: a pipeline on this machine, in a child process that keeps it loaded; needs the extra."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from actors.children import ChildError, ChildPool
from actors.providers.base import (
    Errand,
    GenerationRequest,
    Missing,
    Output,
    ProviderError,
    Reporter,
    check_request,
)
from actors.providers.childwork import translated
from actors.providers.downloads import preview
from schema.models import ModelInfo
from schema.problems import PROBLEMS
from schema.provider_settings import PipelineSettings

NAME = "diffusers"
FUNCTION = "actors.rendering.diffusion:generate"
LOADER = "actors.rendering.diffusion:load"
STOP_SECONDS = 30.0
"""For how long a stop waits for the next step, so that the pipeline stays loaded; then the child is killed."""


@dataclass(frozen=True, slots=True)
class DiffusersProvider:
    """Options are the pipeline's own parameters. `settings` are by model id, `loader` gives the pipeline to a child."""

    children: ChildPool
    offered: Sequence[ModelInfo]
    settings: Mapping[str, PipelineSettings]
    loader: str = LOADER
    name: str = NAME

    def models(self) -> tuple[ModelInfo, ...]:
        return tuple(self.offered)

    @asynccontextmanager
    async def generate(
        self,
        request: GenerationRequest,
        report: Reporter,
        scratch: Path,
        errand: Errand,  # noqa: ARG002  # a child dies with its worker: there is nothing to pick up
    ) -> AsyncIterator[AsyncIterator[Output | Missing]]:
        check_request(self.offered, request)
        stop = scratch / "stop"
        async with AsyncExitStack() as stack:
            with translated():
                task = self.children.run(FUNCTION, self._arguments(request, scratch, stop))
                messages = _Told(await stack.enter_async_context(task))
            stack.push_async_callback(partial(_stopped, messages, stop))
            yield await stack.enter_async_context(aclosing(_results(messages, request, report)))

    def _arguments(self, request: GenerationRequest, scratch: Path, stop: Path) -> Mapping[str, Any]:
        settings = self.settings[request.model]
        return {
            "loader": self.loader,
            "model": request.upstream_model,
            "device": settings.device,
            "dtype": settings.dtype,
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "seed": request.seed,
            "n": request.n,
            "width": request.width,
            "height": request.height,
            "options": dict(request.options),
            "inputs": [str(given.file.absolute()) for given in request.inputs],
            "scratch": str(scratch.absolute()),
            "stop": str(stop.absolute()),
        }


async def _results(
    messages: AsyncIterator[dict[str, Any]], request: GenerationRequest, report: Reporter
) -> AsyncGenerator[Output | Missing, None]:
    """Report every step that the child tells of, and yield what it finished."""
    report.phase("Loading the model")
    with translated():
        async for message in messages:
            match message:
                case {"done": int(done), "total": int(total), "step": step, "steps": steps}:
                    report.units(done, total, f"Step {step} of {steps}")
                    with suppress(ProviderError):
                        report.preview(*preview(message.get("preview")))
                case {"index": int(index), "is_blocked": True}:
                    yield Missing(index, "content_policy", PROBLEMS["content_policy"].title)
                case {"index": int(index), "file": str(file), "width": int(width), "height": int(height)}:
                    yield Output(index, Path(file), "image/png", width, height, request.seed + index)


class _Told:
    """What the child tells; `ended` once it will tell no more."""

    def __init__(self, messages: AsyncIterator[dict[str, Any]]) -> None:
        self._messages = messages
        self.ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        try:
            return await anext(self._messages)
        except (StopAsyncIteration, ChildError):
            self.ended = True
            raise


async def _stopped(messages: _Told, stop: Path) -> None:
    """Have the child stop at its next step, if it is not done, and wait for that."""
    if messages.ended:
        return
    await asyncio.to_thread(stop.touch)
    with suppress(ChildError, TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            async for _ in messages:
                pass
