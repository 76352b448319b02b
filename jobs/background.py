"""Work that a request starts and does not wait for: bounded in time, known to the shutdown, and never silent."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from jobs.database import DatabaseUnavailable
from jobs.eventlog import LogUnavailable

log = structlog.get_logger(__name__)

CANCEL_AGAIN_SECONDS = 0.2


async def stop(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return when they have ended.

    A cancellation can get lost on its way through libraries: on Python 3.11 `asyncio.wait_for` returns normally when
    it is cancelled just as what it waits for is done. So it is sent again until it has arrived.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)


class Background:
    """Runs best-effort work; what fails here is repaired by the sweeper."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside the caller."""
        task = asyncio.create_task(self._guarded(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (LogUnavailable, DatabaseUnavailable, TimeoutError) as error:
            log.info("left_to_the_sweeper", work=name, error=type(error).__name__)
        except Exception:
            log.exception("background_work_failed", work=name)

    async def settle(self) -> None:
        """Wait until everything that was started has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)
            # Their callbacks run in the next turn of the loop.
            await asyncio.sleep(0)
