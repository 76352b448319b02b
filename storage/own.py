"""The port to a store of our own: one whose signed URLs lead back to this service, which then acts on their grants."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from storage.resumable import PutHeaders, SessionState
from storage.signing import SessionGrant, UrlSigner, WriteGrant
from storage.store import MediaObject, Store

OnProgress = Callable[[int, int | None], None]
"""Told the committed bytes and the total, None while that is unknown; must neither block nor raise."""


def no_progress(_committed: int, _total: int | None) -> None:
    """Tell nobody."""


class OwnStore(Store, Protocol):
    """A `Store` with what the holders of its URLs may do. Every implementation passes `tests/contract/` with them."""

    async def put_signed(
        self, grant: WriteGrant, chunks: AsyncIterator[bytes], declared_length: int | None
    ) -> MediaObject:
        """Store what came in by PUT on a signed URL; `declared_length` is its Content-Length, if it had one.

        A URL makes one object, like Google's with `x-goog-if-generation-match: 0`, and none after that was removed:
        of any number of attempts one succeeds, and a refused one uses nothing up. Raises `TooFewBytes`, `TooManyBytes`,
        `AlreadyUploaded` (all `UploadRefused`; the last is an `ObjectExists`, too), `StorageFull`, and what
        `chunks` raises.
        """
        ...

    async def put_session(
        self,
        grant: SessionGrant,
        headers: PutHeaders,
        chunks: AsyncIterator[bytes],
        on_progress: OnProgress = no_progress,
    ) -> SessionState:
        """Carry out a PUT to a session's URL, and give how far the session is then: complete (200) or not (308).

        `on_progress` is told at the end of a PUT that committed something, however it ended, and at every
        8 MiB on the way. A PUT with a body ends the one before it, which raises `TakenOver`. Raises
        `SessionNotFound`, also when the session ends meanwhile; `ChunkRefused`, `TooFewBytes`, `TooManyBytes`,
        `AlreadyUploaded` (all `UploadRefused`); `StorageFull`; and what `chunks` raises. The session goes on
        from its committed bytes after any of them but the first.
        """
        ...

    async def cancel_session(self, grant: SessionGrant) -> None:
        """Carry out a DELETE on a session's URL. Raises `SessionNotFound`, and `AlreadyUploaded` after completion."""
        ...


Owned = tuple[OwnStore, UrlSigner]
"""A store of our own, and what its URLs are signed with."""
