"""A worker process whose provider does what a job's prompt says: `python -m tests.faults.worker`."""

import asyncio
import os
import signal
import sys

from actors.providers.base import GenerationRequest, Reporter
from tests.one_provider import PictureProvider, run_worker

POISON = "poison"
STEPS = 8
STEP_SECONDS = 0.02
"""What each step of a job takes its worker: long enough that faults meet jobs at work."""


class FaultProvider(PictureProvider):
    """Works in steps, and dies with its whole process where the prompt is poison."""

    async def prepare(self, request: GenerationRequest, report: Reporter) -> None:
        for step in range(1, STEPS + 1):
            await asyncio.sleep(STEP_SECONDS)
            report.units(step, STEPS, f"Step {step}")
            if request.prompt == POISON:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(run_worker(FaultProvider()))
