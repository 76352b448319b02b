"""The provider itself: each kind of media by its own way, a batch one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actors.providers.base import GenerationRequest, Reporter
from actors.providers.batches import BatchProvider, Make
from actors.providers.gemini.images import Pictures
from actors.providers.gemini.videos import Videos
from actors.providers.gemini.ways import way_of
from actors.providers.http import Calls
from actors.providers.polling import Pace
from actors.providers.prices import TokenPrices

NAME = "gemini"


@dataclass(frozen=True, slots=True)
class GeminiProvider(BatchProvider):
    """Options go where each API has its choices: `imageConfig`, Veo's `parameters`, the `response_format`.

    `prices` are by model id, and for pictures.
    """

    prices: Mapping[str, TokenPrices] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    name: str = NAME

    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        if request.kind == "image":
            return Pictures(calls, request, scratch, self.prices.get(request.model)).make
        return Videos(calls, way_of(request), request, report, scratch, self.pace).make
