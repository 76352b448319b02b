"""One sender at a time: whoever begins to send to an upload session ends whoever was sending before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from storage.content_range import ChunkRefused
from storage.store import StorageError


class TakenOver(ChunkRefused):
    """A later request to the same session took over; what this one had committed stays."""


@dataclass(slots=True)
class Turn:
    """The time for which one sender may change the session."""

    scope: asyncio.Timeout
    ended_by: StorageError | None = None

    def check(self) -> None:
        """Raise what ended this turn, if anything did."""
        if self.ended_by is not None:
            raise self.ended_by


class Turns:
    """Hands out turns; the latest comer has it.

    A client whose connection broke is back while the old request still waits for bytes that will never come,
    and no timeout tells the two apart. So the newcomer is believed, as in tusd, where it asks the holder of
    an upload's lock to let go.
    """

    def __init__(self) -> None:
        self._current: Turn | None = None

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Turn]:
        """Be the one who sends, from the first step on (nothing is awaited before).

        When the turn is ended from outside, the block is cancelled and this raises what ended it.
        """
        self.end(TakenOver("a later request to this session took over"))
        scope = asyncio.timeout(None)
        turn = Turn(scope)
        try:
            async with scope:
                self._current = turn
                try:
                    yield turn
                finally:
                    if self._current is turn:
                        self._current = None
        except TimeoutError:  # the scope's, which makes one of the cancellation
            turn.check()
            raise

    def is_free_for(self, turn: Turn) -> bool:
        """Say whether nobody else has come since this turn began."""
        return self._current is None or self._current is turn

    def end(self, reason: StorageError) -> None:
        """End the turn of whoever has it; it raises `reason` there."""
        turn, self._current = self._current, None
        if turn is not None:
            turn.ended_by = reason
            turn.scope.reschedule(asyncio.get_running_loop().time())
