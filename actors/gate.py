"""The gate: jobs run side by side, but one that is suspected of killing workers runs alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Admits many, or one alone; who wants to be alone waits until the others are done, and newcomers wait for him."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._alone = False
        self._waiting_to_be_alone = 0

    @asynccontextmanager
    async def admit(self, *, alone: bool) -> AsyncIterator[None]:
        """Be inside for as long as the context lasts."""
        await (self._enter_alone() if alone else self._enter())
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._alone = False
                self._changed.notify_all()

    async def _enter(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone and not self._waiting_to_be_alone)
            self._inside += 1

    async def _enter_alone(self) -> None:
        async with self._changed:
            self._waiting_to_be_alone += 1
            try:
                await self._changed.wait_for(lambda: not self._inside)
            finally:
                self._waiting_to_be_alone -= 1
                self._changed.notify_all()
            self._inside, self._alone = 1, True
