"""The sweeper's alarm: whoever plans something for later says when, and the sweeper looks no later than that."""

import asyncio
import math
from contextlib import suppress

LEAST_SECONDS = 0.05


class Alarm:
    """Seconds from now, in one process. Another process's plans are found by looking regularly."""

    def __init__(self) -> None:
        self._due = math.inf
        self._is_sooner = asyncio.Event()

    def within(self, seconds: float) -> None:
        """Let the wait end in so many seconds at the latest."""
        due = asyncio.get_running_loop().time() + max(LEAST_SECONDS, seconds)
        if due < self._due:
            self._due = due
            self._is_sooner.set()

    async def wait(self, seconds: float) -> None:
        """Wait so long, or less if somebody planned for sooner."""
        self.within(seconds)
        while self._due > asyncio.get_running_loop().time():
            self._is_sooner.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._due):
                    await self._is_sooner.wait()
        self._due = math.inf
