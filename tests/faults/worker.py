"""A worker process whose provider does what a job's prompt says: `python -m tests.faults.worker`."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
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

POISON = "poison"
STEPS = 8
STEP_SECONDS = 0.02
"""What each step of a job takes its worker: long enough that faults meet jobs at work."""
PICTURE = png(8, 8)


class FaultProvider:
    """Works in steps, and dies with its whole process where the prompt is poison."""

    name = "procedural"

    def models(self) -> tuple[ModelInfo, ...]:
        return (IMAGE_MODEL,)

    @asynccontextmanager
    async def generate(
        self, request: GenerationRequest, report: Reporter, scratch: Path, errand: Errand
    ) -> AsyncIterator[AsyncIterator[Output]]:
        async with aclosing(self._outputs(request, report, scratch)) as outputs:
            yield outputs

    async def _outputs(
        self, request: GenerationRequest, report: Reporter, scratch: Path
    ) -> AsyncGenerator[Output, None]:
        for step in range(1, STEPS + 1):
            await asyncio.sleep(STEP_SECONDS)
            report.units(step, STEPS, f"Step {step}")
            if request.prompt == POISON:
                os.kill(os.getpid(), signal.SIGKILL)
        file = scratch / "0.png"
        file.write_bytes(PICTURE)
        yield Output(0, file, "image/png", 8, 8, request.seed)


def providers(_menu: Menu, _settings: Settings, _children: ChildPool, _resident: ChildPool) -> list[Provider]:
    return [FaultProvider()]


def main() -> int:
    settings = Settings.from_environment(os.environ)
    configure_logs(settings)
    return asyncio.run(work(settings, providers))


if __name__ == "__main__":
    sys.exit(main())
