"""A worker whose provider does nothing but hand over a picture that was there before: what is left is the pipeline."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from actors.children import ChildPool
from actors.main import work
from actors.providers.base import Errand, GenerationRequest, Output, Provider, Reporter
from actors.providers.procedural import IMAGE_MODEL
from jobs.logs import configure_logs
from schema.menu import Menu
from schema.models import ModelInfo
from schema.settings import Settings
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)


class IdleProvider:
    """Takes the place of the renderer."""

    name = "procedural"

    def models(self) -> tuple[ModelInfo, ...]:
        return (IMAGE_MODEL,)

    @asynccontextmanager
    async def generate(
        self,
        request: GenerationRequest,
        report: Reporter,  # noqa: ARG002  # nothing is done that could be told
        scratch: Path,
        errand: Errand,  # noqa: ARG002  # nor asked of anybody
    ) -> AsyncIterator[AsyncIterator[Output]]:
        yield self._outputs(request, scratch)

    async def _outputs(self, request: GenerationRequest, scratch: Path) -> AsyncIterator[Output]:
        file = scratch / "0.png"
        file.write_bytes(PICTURE)
        yield Output(0, file, "image/png", 8, 8, request.seed)


def providers(_menu: Menu, _settings: Settings, _children: ChildPool, _resident: ChildPool) -> list[Provider]:
    return [IdleProvider()]


def main() -> int:
    settings = Settings.from_environment(os.environ)
    configure_logs(settings)
    return asyncio.run(work(settings, providers))


if __name__ == "__main__":
    sys.exit(main())
