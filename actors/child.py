"""The inside of a child process: runs one generator function per task and sends what it yields as JSON lines.

Tasks come in on stdin, one JSON line each; messages go out on what was stdout. The function itself sees an empty
stdin and has its stdout on stderr, so that no print can corrupt the protocol. The end of stdin is the parent's
end, by `kill -9`, too: the process then exits at once, in the middle of its work.
"""

import gc
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, BinaryIO

from actors.child_forks import run_in_fork, send

APART = "--apart"
"""Has each task run in a fork of its own."""
NICENESS = 10
MAX_LINE_BYTES = 1 << 20
MAX_TEXT_CHARACTERS = 1_000
MAX_TRACEBACK_CHARACTERS = 8_000

RESOURCES = {
    "memory_bytes": resource.RLIMIT_AS,
    "cpu_seconds": resource.RLIMIT_CPU,
    "file_bytes": resource.RLIMIT_FSIZE,
    "open_files": resource.RLIMIT_NOFILE,
}


def main() -> None:
    """Serve tasks until stdin ends."""
    # A Ctrl-C at a terminal and a service manager's SIGTERM reach the whole group. The parent drains; its children
    # must live until it has, and end with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)  # the event loop of the parent keeps its latency
    if APART in sys.argv:
        # Forks are of the same group: who kills it leaves none behind.
        os.setpgid(0, 0)
        with suppress(BrokenPipeError):  # the parent is gone
            _serve_apart(*_take_over_stdio())
        os.killpg(0, signal.SIGKILL)
    else:
        with suppress(BrokenPipeError):  # the same; the watching thread is about to say so
            _serve_here(*_take_over_stdio())
        os._exit(0)


def _serve_apart(lines: BinaryIO, out: BinaryIO) -> None:
    loaded = set()
    for line in iter(lines.readline, b""):
        task = json.loads(line)
        if task["function"] not in loaded:
            loaded.add(task["function"])
            _load(task["function"])
        code = run_in_fork(_serve(task), lines, out)
        send(out, _line(finished=True) if code is None else _line(died=code))


def _load(function: str) -> None:
    """Import what forks will use, and keep their collections of garbage from it: looking at a page copies it."""
    with suppress(Exception):  # the fork will find out, and tell
        _function(function)
    gc.collect()
    gc.freeze()


def _serve_here(lines: BinaryIO, out: BinaryIO) -> None:
    tasks: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_watch, args=(lines, tasks), daemon=True).start()
    while True:
        for line in _serve(json.loads(tasks.get())):
            send(out, line)
        send(out, _line(finished=True))


def _take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Move the protocol's two pipes out of the way of whatever uses stdin or stdout. `dup` isn't inherited."""
    lines = os.fdopen(os.dup(0), "rb")
    out = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return lines, out


def _watch(lines: BinaryIO, tasks: "SimpleQueue[bytes]") -> None:
    for line in lines:
        tasks.put(line)
    os._exit(0)


def _serve(task: Mapping[str, Any]) -> Iterator[bytes]:
    try:
        _apply_limits(task["limits"])
        for message in _function(task["function"])(task["arguments"]):
            yield _line(message=message)
    except Exception as exc:  # noqa: BLE001  # whatever the function raises is the parent's to judge
        yield _line(
            failed=type(exc).__name__,
            text=str(exc)[:MAX_TEXT_CHARACTERS],
            traceback=_trace()[-MAX_TRACEBACK_CHARACTERS:],
        )


def _trace() -> str:
    """The traceback, as far as a process at its limits can tell: Python 3.13 opens files to write one."""
    try:
        return traceback.format_exc()
    except Exception as exc:  # noqa: BLE001  # the failure itself must still be told
        return f"no traceback: {type(exc).__name__}"


def _line(**answer: object) -> bytes:
    line = json.dumps(answer).encode() + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a message of {len(line)} bytes is too long: hand over a file instead")
    return line


def _apply_limits(limits: Mapping[str, int | None]) -> None:
    """Limit what this process may use from here on: a fork for good, one that serves others too until the next task."""
    is_apart = bool(limits.get("is_apart"))
    for name, kind in RESOURCES.items():
        _, most = resource.getrlimit(kind)
        value = limits.get(name)
        if value is None:
            value = most
        elif kind == resource.RLIMIT_CPU:
            # Counted from the process's beginning.
            value += int(time.process_time())
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        resource.setrlimit(kind, (value, value if is_apart else most))


def _function(name: str) -> Callable[[Mapping[str, Any]], Iterator[Mapping[str, Any]]]:
    module, _, attribute = name.partition(":")
    function: Callable[[Mapping[str, Any]], Iterator[Mapping[str, Any]]] = getattr(
        importlib.import_module(module), attribute
    )
    return function


if __name__ == "__main__":
    main()
