"""One child process as the parent sees it: its command line and environment, its pipes, its end."""

import asyncio
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self, cast

from actors.child import APART, MAX_LINE_BYTES

MAX_WAITING_LINES = 64
STDIN, STDOUT = 0, 1

# Nothing else of the parent's environment reaches a child, which may be decoding hostile media: no key, no secret.
PASSED_ENVIRONMENT = (
    *("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONWARNINGS"),
    # Which accelerators there are, and where models were put.
    *("CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_HUB_OFFLINE"),
)
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


class ChildProcess(asyncio.SubprocessProtocol):
    """A process that runs `actors.child`. `gone` is done once it is reaped and its pipes are closed."""

    def __init__(self, *, is_apart: bool) -> None:
        """With `is_apart` each task runs in a fork of its own."""
        self.is_apart = is_apart
        self.limited_tasks = 0
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.timed_out = False
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._news = asyncio.Event()
        self._stopping = False
        self._paused = False

    @classmethod
    async def start(cls, *, is_apart: bool) -> Self:
        """Start the process. Raises OSError when the system refuses.

        A protocol instead of a stream reader: `StreamReader` allows one waiting reader, and stops noticing the end
        of a process whose output nobody reads, so that neither closing nor killing would be certain to finish.
        """
        loop = asyncio.get_running_loop()
        _, child = await loop.subprocess_exec(
            partial(cls, is_apart=is_apart),
            *command(is_apart=is_apart),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None,
            env=environment(),
        )
        return child

    @property
    def returncode(self) -> int | None:
        """As in `subprocess`; None before the end."""
        return self._transport.get_returncode()

    def send(self, line: bytes) -> None:
        """Hand the child a line; it does nothing if the child has gone, which `receive` then tells."""
        if not self.gone.done():
            self._stdin.write(line)

    async def receive(self) -> bytes | None:
        """The next whole line without its end, or None when the child is gone (or its output is beyond bounds)."""
        while not self._lines and not self.gone.done() and not self._stopping:
            self._news.clear()
            await self._news.wait()
        if not self._lines:
            return None
        line = self._lines.popleft()
        if self._paused and not self._lines:
            self._paused = False
            self._stdout.resume_reading()
        return line

    def stop(self) -> None:
        """Kill the process now; `gone` follows."""
        if self._stopping or self.gone.done():
            return
        self._stopping = True
        self._kill_fork()
        with suppress(ProcessLookupError):
            self._transport.kill()
        self._lines.clear()
        self._stdin.abort()
        if self._paused:  # the end of a pipe that is not read goes unnoticed
            self._stdout.resume_reading()
        self._news.set()

    def time_out(self) -> None:
        """Kill the process because its time is over."""
        self.timed_out = not self.gone.done()
        self.stop()

    async def kill(self) -> None:
        """Kill the process and wait until it is reaped; cancelled while waiting, the rest happens by itself."""
        self.stop()
        await asyncio.shield(self.gone)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The cast holds for uvloop, too, whose transports have these methods without this base class.
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(STDIN))
        self._stdout = cast("asyncio.ReadTransport", self._transport.get_pipe_transport(STDOUT))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._stopping or fd != STDOUT:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)
        if len(self._rest) > MAX_LINE_BYTES:
            self.stop()
        elif len(self._lines) > MAX_WAITING_LINES and not self._paused:
            self._paused = True
            self._stdout.pause_reading()
        self._news.set()

    def process_exited(self) -> None:
        """It is reaped; somebody else may have killed it, in the middle of a task."""
        self._kill_fork()

    def _kill_fork(self) -> None:
        """A fork at work is of its child's group, which there is for as long as one of them is."""
        if self.is_apart:
            with suppress(ProcessLookupError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Everything has ended: asyncio calls this after the process is reaped and all its pipes are closed."""
        del exc
        self._transport.close()  # nothing is left to close, but asyncio would warn
        self.gone.set_result(None)
        self._news.set()


def command(*, is_apart: bool) -> tuple[str, ...]:
    """`-P` keeps the current directory out of the child's path: what can be imported comes from the parent alone."""
    return (sys.executable, "-P", "-m", "actors.child", *((APART,) if is_apart else ()))


def environment() -> dict[str, str]:
    """The child's environment: what it may know, one thread for numeric libraries, and the parent's import path."""
    root = str(Path(__file__).resolve().parents[1])
    entries = [str(Path(entry).resolve()) for entry in sys.path if Path(entry).exists()]
    kept = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}
    return kept | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(dict.fromkeys([*entries, root]))}
