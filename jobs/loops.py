"""The event loop that a process runs on: uvloop's where it is installed (the extra `fast`), else asyncio's own."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on the loop that costs the least: for processes that serve or work, not for a single command."""
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(main)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # it is not always there
    except ImportError:
        return None
    return uvloop.new_event_loop
