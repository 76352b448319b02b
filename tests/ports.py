"""Ports for processes that the tests start: free, and nobody else's for as long as these tests run."""

import contextlib
import fcntl
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

# Those that the kernel gives away, also to outgoing connections, begin behind these.
STABLE = (15000, 30000)
_held: list[IO[str]] = []


def free_port() -> int:
    """A port that nobody listens on, and that stays free for a process that comes back to it.

    Tests that run beside these take another one: each port has a lock, which is held until this process ends.
    """
    while True:
        port = random.randint(*STABLE)
        with contextlib.suppress(OSError):
            _reserve(port)
            with socket.create_server(("127.0.0.1", port)):
                return port


def _reserve(port: int) -> None:
    directory = Path(tempfile.gettempdir()) / "media-pipeline-test-ports"
    directory.mkdir(exist_ok=True)
    file = (directory / str(port)).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    _held.append(file)
