"""A worker process with one provider in the renderer's place, which hands over a picture that was there before."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from actors.children import ChildPool
from actors.main import work
from actors.providers.base import Errand, GenerationRequest, Output, Provider, Reporter
from actors.providers.procedural import IMAGE_MODEL
from jobs import loops
from jobs.logs import configure_logs
from schema.menu import Menu
from schema.models import ModelInfo
from schema.settings import Settings
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)


class PictureProvider:
    """Does nothing first, or what a subclass does in `prepare`."""

    name = "procedural"

    def models(self) -> tuple[ModelInfo, ...]:
        return (IMAGE_MODEL,)

    @asynccontextmanager
    async def generate(
        self, request: GenerationRequest, report: Reporter, scratch: Path, errand: Errand
    ) -> AsyncIterator[AsyncIterator[Output]]:
        async with aclosing(self._outputs(request, report, scratch)) as outputs:
            yield outputs

    async def prepare(self, request: GenerationRequest, report: Reporter) -> None:
        """What comes before the picture."""

    async def _outputs(
        self, request: GenerationRequest, report: Reporter, scratch: Path
    ) -> AsyncGenerator[Output, None]:
        await self.prepare(request, report)
        file = scratch / "0.png"
        file.write_bytes(PICTURE)
        yield Output(0, file, "image/png", 8, 8, request.seed)


def run_worker(provider: Provider) -> int:
    """Work as the environment says until told to stop; the exit status."""

    def providers(_menu: Menu, _settings: Settings, _children: ChildPool, _resident: ChildPool) -> list[Provider]:
        return [provider]

    settings = Settings.from_environment(os.environ)
    configure_logs(settings)
    return loops.run(work(settings, providers))
