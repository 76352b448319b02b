"""A provider that does as it is told, and the generation of jobs by it on the real lifecycle."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.providers.base import Errand, GenerationRequest, Missing, Output, ProviderError, Reporter
from schema.models import Bounds, ModelInfo, ModelLimits
from schema.problems import PROBLEMS
from tests.unit.actors.processing.samples import png

EDGE = 8
REQUEST: dict[str, Any] = {"model": "scripted", "prompt": "a cat", "n": 1, "width": EDGE, "height": EDGE, "seed": 5}


def failure(code: str, **details: Any) -> ProviderError:
    """A provider's error with this code, retryable as the catalogue says."""
    return ProviderError(code, PROBLEMS[code].title, **({"retryable": PROBLEMS[code].retryable} | details))


@dataclass
class Scripted:
    """Yields what `scenes` say, one scene for each call: an index, a `Missing`, or an error to raise.

    The steps of a scene may be functions of the errand, too, which are awaited.
    """

    scenes: list[Sequence[Any]] = field(default_factory=list)
    cost: float | None = None
    calls: list[tuple[GenerationRequest, str | None]] = field(default_factory=list)
    name: str = "scripted"

    def models(self) -> tuple[ModelInfo, ...]:
        bounds = Bounds(minimum=1, maximum=4096)
        return (
            ModelInfo(
                id="scripted",
                kind="image",
                provider=self.name,
                default=True,
                limits=ModelLimits(n=bounds, width=bounds, height=bounds),
                options_schema={},
            ),
        )

    @asynccontextmanager
    async def generate(
        self,
        request: GenerationRequest,
        report: Reporter,  # there is nothing to tell
        scratch: Path,
        errand: Errand,
    ) -> AsyncIterator[AsyncIterator[Output | Missing]]:
        self.calls.append((request, errand.id))
        scene = self.scenes.pop(0) if self.scenes else range(request.n)
        yield self._played(scene, request, scratch, errand)

    async def _played(
        self, scene: Sequence[Any], request: GenerationRequest, scratch: Path, errand: Errand
    ) -> AsyncIterator[Output | Missing]:
        for step in scene:
            match step:
                case int():
                    file = scratch / str(step)
                    file.write_bytes(png(EDGE, EDGE))
                    yield Output(step, file, "image/png", EDGE, EDGE, request.seed + step, cost=self.cost)
                case Missing():
                    yield step
                case Exception():
                    raise step
                case _:
                    await step(errand)
