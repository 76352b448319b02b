"""The fake in a process of its own, for tests of other processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
END_SECONDS = 20


@contextmanager
def served_gcs() -> Iterator[dict[str, str]]:
    """What the environment of a process that uses it has to have."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gcs.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
            server.stdin.close()
            server.wait(END_SECONDS)
        finally:
            server.kill()
