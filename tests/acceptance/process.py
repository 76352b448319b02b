"""A real process of the service, in a process group of its own, its log read line by line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.client import SECRET
from tests.acceptance.service import Service, new_session
from tests.processes import cpu_seconds_of

ROOT = Path(__file__).parents[2]
START_SECONDS = 50.0
END_SECONDS = 50.0


class Process:
    """A child of the tests. Ended by its id alone; whoever starts one ends it."""

    def __init__(self, directory: Path, *, module: str = "app", settings: Mapping[str, object]) -> None:
        given = {"data_dir": directory, "port": 0, "auth_secret": SECRET, "log_format": "json"} | dict(settings)
        mine = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.directory = directory
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._has_ended = False
        self._popen = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=mine | {name.upper(): str(value) for name, value in given.items() if value is not None},
            # Open for as long as this process lives: to a worker its end means that the supervisor is gone.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def resume(self) -> None:
        """Let it go on, if it was stopped."""
        if self.is_alive:
            self.kill(signal.SIGCONT)

    @property
    def cpu_seconds(self) -> float:
        """The processor time that it has used; how long it took says as much about its neighbours."""
        return cpu_seconds_of(self.pid)

    @property
    def log(self) -> list[dict[str, Any]]:
        """What it has logged up to now."""
        return [json.loads(line) for line in list(self.lines)]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first log line of an event; waits for it, and fails when the process ends without it."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or self._first(event), START_SECONDS)
            line = self._first(event)
        assert line is not None, f"no {event!r} in the log:\n" + "".join(self.lines)
        return line

    def has_logged(self, event: str) -> bool:
        """Whether the event is in the log by now."""
        return self._first(event) is not None

    def kill(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Its exit status, awaited together with the rest of its log."""
        status = self._popen.wait(seconds)
        self._reader.join(seconds)
        return status

    def end(self) -> None:
        """Kill it if it lives."""
        if self._popen.poll() is None:
            self._popen.kill()
        self.wait()
        for pipe in (self._popen.stdin, self._popen.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self._popen.stderr is not None
        for line in self._popen.stderr:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _first(self, event: str) -> dict[str, Any] | None:
        return next((line for line in map(_parsed, self.lines) if line.get("event") == event), None)


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@contextmanager
def process(directory: Path, **settings: object) -> Iterator[Process]:
    """A process that may refuse to start."""
    started = Process(directory, settings=settings)
    try:
        yield started
    finally:
        started.end()


@contextmanager
def serving(directory: Path, **settings: object) -> Iterator[tuple[Process, str]]:
    """A process that serves, and its origin."""
    with process(directory, **settings) as started:
        yield started, started.wait_for("serving")["url"].rstrip("/")


@asynccontextmanager
async def served(directory: Path, **settings: object) -> AsyncIterator[tuple[Process, Service]]:
    """A process that serves, and clients for it."""
    started = Process(directory, settings=settings)
    try:
        line = await asyncio.to_thread(started.wait_for, "serving")
        base = line["url"].rstrip("/")
        async with new_session() as session:
            yield started, Service(base, "/".join(base.split("/")[:3]), session)
    finally:
        await asyncio.to_thread(started.end)
