"""What a large object costs the process that sends and fetches it."""

import asyncio
import json
import os
import subprocess
import sys

import pytest

from tests.gcs.served import ROOT, served_gcs

MEBIBYTES = 200
MOST_GROWTH_MEBIBYTES = 16


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel as Linux does")
async def test_200_mebibytes_up_and_down_cost_less_than_16_of_memory() -> None:
    with served_gcs() as settings:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "tests.gcs.transfer", str(MEBIBYTES)],
            cwd=ROOT,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert {name: part["growth"] < MOST_GROWTH_MEBIBYTES for name, part in figures.items()} == {
        "up": True,
        "down": True,
    }, figures
