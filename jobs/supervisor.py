"""A supervisor: keeps several processes of one command running, and ends them together."""

import asyncio
import contextlib
import json
import os
import random
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from jobs.background import stop

log = structlog.get_logger(__name__)

SETTINGS_STATUS = 2
"""What a process exits with whose settings are wrong: starting it again would change nothing."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
SOUND_SECONDS = 30.0
"""A process that lived so long was not killed by its own start."""


class Supervisor:
    """Starts `count` processes, and another one for each that ends; whoever crashes at the start waits ever longer.

    A process gets a pipe as its standard input, of which the end tells it that the supervisor is gone, and tells how it
    is by lines of JSON on its standard output. On stopping it gets SIGTERM, and SIGKILL `grace_seconds` later.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        *,
        environment: Mapping[str, str],
        grace_seconds: float,
        on_change: Callable[[], None] = lambda: None,
        on_exit: Callable[[int], None] = lambda _pid: None,
    ) -> None:
        self._command = command
        self._count = count
        self._environment = {**os.environ, **environment}
        self._grace_seconds = grace_seconds
        self._on_change = on_change
        self._on_exit = on_exit
        self._states: dict[int, Mapping[str, Any]] = {}
        self._alive: dict[int, asyncio.subprocess.Process] = {}

    @property
    def states(self) -> list[Mapping[str, Any]]:
        """What each living process told last; empty for one that has told nothing yet."""
        return list(self._states.values())

    @property
    def is_ready(self) -> bool:
        """Whether every process is there and says that it is ready."""
        return len(self._states) == self._count and all(state.get("ready") for state in self._states.values())

    async def run(self, stopping: asyncio.Event) -> int:
        """Keep the processes until `stopping` is set, or one of them says that its settings are wrong; the status."""
        keepers = [asyncio.create_task(self._keep(), name=f"keeper-{number}") for number in range(self._count)]
        asked = asyncio.create_task(stopping.wait())
        try:
            done, _ = await asyncio.wait([asked, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await stop(asked, *keepers)
            await self._end_all()
        return max((task.result() for task in done if task is not asked), default=0)

    async def _keep(self) -> int:
        """One place: a process after the other. Returns for wrong settings alone."""
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE_SECONDS
        while True:
            begun = loop.time()
            status = await self._live()
            if status == SETTINGS_STATUS:
                return status
            if status == 0:
                # It made room for a fresh one by itself.
                continue
            log.warning("process_died", status=status)
            pause = FIRST_PAUSE_SECONDS if loop.time() - begun > SOUND_SECONDS else pause
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311  # jitter, no secret
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _live(self) -> int:
        """One process from its start to its end; its status."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, env=self._environment, process_group=0
        )
        log.info("process_started", pid=process.pid)
        self._alive[process.pid] = process
        self._states[process.pid] = {}
        await self._read(process)
        status = await process.wait()
        self._forget(process.pid)
        return status

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                self._states[process.pid] = json.loads(line)
                self._on_change()

    def _forget(self, pid: int) -> None:
        self._alive.pop(pid, None)
        self._states.pop(pid, None)
        self._on_exit(pid)
        self._on_change()

    async def _end_all(self) -> None:
        ending = list(self._alive.values())
        for process in ending:
            _send(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._grace_seconds):
                await asyncio.gather(*(process.wait() for process in ending))
        except TimeoutError:
            log.warning("processes_killed", count=sum(process.returncode is None for process in ending))
            for process in ending:
                _send(process, signal.SIGKILL)
            await asyncio.gather(*(process.wait() for process in ending))
        for process in ending:
            self._forget(process.pid)


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
