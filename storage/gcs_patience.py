"""How often, and for how long, what failed for the moment is tried again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import TypeVar

from storage.gcs_errors import TryAgain
from storage.store import StorageUnavailable

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Exponential backoff with full jitter, until `seconds` have gone without progress."""

    seconds: float
    random: Random = field(default_factory=SystemRandom)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] = time.monotonic

    def effort(self) -> "Effort":
        """Begin something that may need several attempts."""
        return Effort(self)

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Call `attempt` until it raises no `TryAgain`, and for no longer than `seconds` in all.

        Raises what `attempt` raises, and `StorageUnavailable`.
        """
        effort = self.effort()
        try:
            async with asyncio.timeout(self.seconds):
                while True:
                    try:
                        return await attempt()
                    except TryAgain as error:
                        await effort.pause(error)
        except TimeoutError as error:
            raise StorageUnavailable("no answer in time") from error


class Effort:
    """Attempts at one thing."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.progress()

    def progress(self) -> None:
        """Note that something was achieved: from here on, patience is whole again."""
        self._failures = 0
        self._until = self._patience.now() + self._patience.seconds

    async def pause(self, error: TryAgain) -> None:
        """Wait before the next attempt; raise `error` where there is to be none."""
        longest = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        seconds = max(self._patience.random.uniform(0, longest), error.retry_after)
        if self._patience.now() + seconds > self._until:
            raise error
        self._failures += 1
        await self._patience.sleep(seconds)
