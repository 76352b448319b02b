"""The screen of one run: the newest picture of what is unfinished, stored once somebody can be told of it."""

import asyncio
from dataclasses import dataclass

import structlog

from actors.processing.signatures import HEAD_BYTES, sniff
from jobs.database import DatabaseUnavailable
from jobs.job import Lease
from jobs.previews import Previews
from storage.store import StorageError

log = structlog.get_logger(__name__)

MOST_BYTES = 2 * 2**20
CLEAR_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Picture:
    content: bytes
    content_type: str


class Screen:
    """Of pictures that come faster than they can be stored only the newest is; the one before it is removed then.

    What goes wrong is overtaken by the next picture.
    """

    def __init__(self, previews: Previews) -> None:
        self._previews = previews
        self._next: _Picture | str | None = None
        self._numbers = 0
        self._shown: int | None = None
        self.url: str | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether something was taken that is not shown yet."""
        return self._next is not None

    def take(self, content: bytes, content_type: str) -> bool:
        """Show this next, if it is a picture of a fair size; whether somebody has yet to be told."""
        is_picture = content_type.startswith("image/") and sniff(content[:HEAD_BYTES]) == content_type
        if len(content) > MOST_BYTES or not is_picture:
            return False
        was_fresh, self._next = self.is_fresh, _Picture(content, content_type)
        return not was_fresh

    def take_stored(self, path: str) -> None:
        """Show next what is stored at this path already."""
        self._next = path

    async def refresh(self, lease: Lease) -> None:
        """Have `url` lead to what was taken last."""
        taken, self._next = self._next, None
        if taken is None:
            return
        try:
            if isinstance(taken, str):
                await self._show(lease, None, await self._previews.url(taken))
            else:
                await self._show_new(lease, taken)
        except (StorageError, DatabaseUnavailable) as error:
            log.debug("preview_unshown", error=type(error).__name__)

    async def clear(self, lease: Lease) -> None:
        """Remove what was stored. What fails here is garbage that is noted already."""
        shown, self._shown = self._shown, None
        if shown is None:
            return
        try:
            async with asyncio.timeout(CLEAR_SECONDS):
                await self._previews.remove(lease, shown)
        except (StorageError, TimeoutError) as error:
            log.debug("preview_left", error=type(error).__name__)

    async def _show_new(self, lease: Lease, picture: _Picture) -> None:
        if not self._numbers:
            await self._previews.begin(lease)
        self._numbers += 1
        number = self._numbers
        await self._show(lease, number, await self._previews.put(lease, number, picture.content, picture.content_type))

    async def _show(self, lease: Lease, number: int | None, url: str) -> None:
        before, self._shown, self.url = self._shown, number, url
        if before is not None:
            await self._previews.remove(lease, before)
