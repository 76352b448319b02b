"""The provider itself: each kind of media by its own way, a batch one by one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from actors.providers.base import Errand, GenerationRequest, Missing, Output, Reporter
from actors.providers.batches import Make, batch
from actors.providers.gemini.images import Pictures
from actors.providers.gemini.videos import Videos
from actors.providers.gemini.ways import way_of
from actors.providers.http import Calls, HttpApi
from actors.providers.polling import Pace
from actors.providers.prices import TokenPrices
from schema.models import ModelInfo

NAME = "gemini"


@dataclass(frozen=True, slots=True)
class GeminiProvider:
    """Options go where each API has its choices: `imageConfig`, Veo's `parameters`, the `response_format`.

    `prices` are by model id, and for pictures.
    """

    api: HttpApi
    offered: Sequence[ModelInfo]
    prices: Mapping[str, TokenPrices] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    name: str = NAME

    def models(self) -> tuple[ModelInfo, ...]:
        return tuple(self.offered)

    def generate(
        self, request: GenerationRequest, report: Reporter, scratch: Path, errand: Errand
    ) -> AbstractAsyncContextManager[AsyncIterator[Output | Missing]]:
        def maker(calls: Calls) -> Make:
            if request.kind == "image":
                return Pictures(calls, request, scratch, self.prices.get(request.model)).make
            return Videos(calls, way_of(request), request, report, scratch, self.pace).make

        return batch(self.api, self.offered, request, report, errand, maker)
