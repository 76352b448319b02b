"""The parent's side of child processes: CPU-bound work off the event loop, its messages back as they happen."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self

import structlog

from actors.child_process import ChildProcess

log = structlog.get_logger()


class ChildError(Exception):
    """A child process did not bring its task to an end."""


class ChildNotStarted(ChildError):  # says what happened, as the other errors here do
    """The system refused to start a process: out of memory, of processes, or of file descriptors."""


class ChildDied(ChildError):  # says what happened, as the other errors here do
    """The child ended in mid-task by itself. `returncode` is negative for a signal, as in `subprocess`."""

    def __init__(self, returncode: int | None, message: str = "the child process died") -> None:
        super().__init__(f"{message} (return code {returncode})")
        self.returncode = returncode


class ChildTimedOut(ChildDied):  # says what happened, as the other errors here do
    """The child was killed because its task took longer than `Limits.wall_seconds`."""

    def __init__(self, returncode: int | None) -> None:
        super().__init__(returncode, "the child process ran out of time")


class ChildFailed(ChildError):  # says what happened, as the other errors here do
    """The function raised. `type_name` and `message` are its exception's; `traceback` is for the log alone."""

    def __init__(self, type_name: str, message: str, traceback: str = "") -> None:
        super().__init__(f"{type_name}: {message}")
        self.type_name = type_name
        self.message = message
        self.traceback = traceback


class PoolClosed(ChildError):  # says what happened, as the other errors here do
    """The pool was closed before this task had its turn."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may use up; None leaves that resource alone.

    With `is_apart` the task has a process of its own, which no other task can be harmed by. Else it shares one with up
    to `SHARED_TASKS` others, one after the other.

    `memory_bytes` is address space, `cpu_seconds` time on the processor, `file_bytes` the size of any file written;
    the kernel enforces them from before the function is called, when its module is imported already. `wall_seconds` is
    enforced by the pool, from the moment that the task is handed over.
    """

    memory_bytes: int | None = None
    cpu_seconds: int | None = None
    file_bytes: int | None = None
    open_files: int | None = None
    wall_seconds: float | None = None
    is_apart: bool = True


SHARED_TASKS = 1000
"""After so many limited tasks a child is replaced: what they left in its memory counts towards the next one's limit."""


class ChildPool:
    """Runs generator functions in child processes, at most `limit` at once. Belongs to the loop it is used in.

    A child that finished its task waits `idle_seconds` for another before it is closed.
    """

    def __init__(self, *, limit: int, idle_seconds: float = 30) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._idle_seconds = idle_seconds
        self._idle: dict[ChildProcess, asyncio.TimerHandle] = {}
        self._starting: set[asyncio.Task[ChildProcess]] = set()
        self._alive: set[ChildProcess] = set()
        self._closed = False

    @asynccontextmanager
    async def run(
        self, function: str, arguments: Mapping[str, Any], *, limits: Limits | None = None
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Call `function`, a generator named as `package.module:function`, with `arguments` in a child.

        Iterating gives the JSON objects that it yields. Leaving the context before their end kills the child at once
        and waits until it is gone. Raises `ChildFailed`, `ChildDied`, `ChildTimedOut`, `ChildNotStarted`, `PoolClosed`.
        """
        async with self._slots:
            child = await self._take(is_apart=limits is not None and limits.is_apart)
            messages = _Messages(child, function)
            try:
                with _WallClock(child, limits):
                    child.send(_task(function, arguments, limits))
                    yield messages
            finally:
                child.limited_tasks += limits is not None
                is_used_up = not child.is_apart and child.limited_tasks >= SHARED_TASKS
                if messages.finished and not is_used_up and not self._closed:
                    self._rest(child)
                else:
                    await child.kill()

    @property
    def closed(self) -> bool:
        """Whether `close` was called: a child that dies from then on was killed, whatever it was doing."""
        return self._closed

    async def close_idle(self) -> None:
        """Close the children that wait for work, and return when they are gone."""
        idle = tuple(self._idle)
        for child in idle:
            self._expire(child)
        await asyncio.gather(*(child.kill() for child in idle))

    async def close(self) -> None:
        """Kill every child and return when all are gone; tasks under way or waiting end with a `ChildError`."""
        self._closed = True
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(child.kill() for child in tuple(self._alive)))

    async def _take(self, *, is_apart: bool) -> ChildProcess:
        if self._closed:
            raise PoolClosed("the pool of child processes is closed")
        # The one that rested last, whose memory is warmest.
        for child in reversed(self._idle):
            if child.is_apart == is_apart:
                self._idle.pop(child).cancel()
                return child
        return await self._start(is_apart=is_apart)

    async def _start(self, *, is_apart: bool) -> ChildProcess:
        """Start a child. Cancelled meanwhile, the start ends in the background, and what came of it is killed."""
        starting = asyncio.create_task(ChildProcess.start(is_apart=is_apart))
        self._starting.add(starting)
        starting.add_done_callback(self._started)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_kill_started)
            raise
        except OSError as exc:
            raise ChildNotStarted(str(exc)) from exc

    def _started(self, starting: asyncio.Task[ChildProcess]) -> None:
        self._starting.discard(starting)
        if not starting.cancelled() and starting.exception() is None:
            child = starting.result()
            self._alive.add(child)
            child.gone.add_done_callback(lambda _: self._forget(child))

    def _rest(self, child: ChildProcess) -> None:
        if not child.gone.done():
            loop = asyncio.get_running_loop()
            self._idle[child] = loop.call_later(self._idle_seconds, self._expire, child)

    def _expire(self, child: ChildProcess) -> None:
        self._idle.pop(child).cancel()
        child.stop()

    def _forget(self, child: ChildProcess) -> None:
        self._alive.discard(child)
        if timer := self._idle.pop(child, None):
            timer.cancel()


class _Messages:
    """What one task's function yields, read from its child."""

    def __init__(self, child: ChildProcess, function: str) -> None:
        self._child = child
        self._function = function
        self.finished = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        if self.finished:
            raise StopAsyncIteration
        line = await self._child.receive()
        if line is None:
            await self._child.kill()
            raise (ChildTimedOut if self._child.timed_out else ChildDied)(self._child.returncode)
        return self._read(line)

    def _read(self, line: bytes) -> dict[str, Any]:
        match _parse(line):
            case {"message": dict() as message}:
                return message
            case {"finished": True}:
                self.finished = True
                raise StopAsyncIteration
            case {"died": int() as returncode}:
                raise ChildDied(returncode)
            case {"failed": str() as type_name, "text": str() as text, "traceback": str() as traceback}:
                log.error("child_failed", function=self._function, type=type_name, traceback=traceback)
                raise ChildFailed(type_name, text, traceback)
            case _:
                raise ChildFailed("ProtocolError", "the child sent what is no message")


class _WallClock:
    """Stops a child that is still at its task when its wall time is over."""

    def __init__(self, child: ChildProcess, limits: Limits | None) -> None:
        self._child = child
        self._seconds = limits.wall_seconds if limits else None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        if self._seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._child.time_out)

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()


def _task(function: str, arguments: Mapping[str, Any], limits: Limits | None) -> bytes:
    task = {
        "function": function,
        "arguments": dict(arguments),
        "limits": asdict(limits) if limits else {},
    }
    return json.dumps(task).encode() + b"\n"


def _parse(line: bytes) -> object:
    """The line's JSON value, or None: a child that decodes hostile media may have been taken over."""
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value


def _kill_started(starting: asyncio.Task[ChildProcess]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().stop()
