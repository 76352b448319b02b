"""How a process learns that it should end, and how one that is supervised tells how it is."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any


def stop_event() -> asyncio.Event:
    """Set by SIGTERM (a second one changes nothing) and by SIGINT (a second one ends the process at once)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if stop.is_set():
            os._exit(128 + signal.SIGINT)
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    return stop


def when_orphaned(call: Callable[[], None]) -> None:
    """Call `call` when the supervisor is gone: it holds the other end of this process's standard input."""
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()

    def readable() -> None:
        if not os.read(descriptor, 1024):
            loop.remove_reader(descriptor)
            call()

    loop.add_reader(descriptor, readable)


def report(state: Mapping[str, Any]) -> None:
    """Tell the supervisor how this process is: one line of JSON on standard output."""
    print(json.dumps(state), flush=True)  # noqa: T201  # the other end is a program
