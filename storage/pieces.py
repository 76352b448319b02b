"""Bytes in memory: counted against one limit, cut into pieces of one length, shared by the objects that have them."""

import hashlib
from collections.abc import AsyncGenerator, Callable

from storage.store import StorageFull

PIECE_BYTES = 64 * 1024


class Budget:
    """Counts bytes against a limit; `reclaim` is called before any are refused, to free what nobody needs."""

    def __init__(self, limit: int, reclaim: Callable[[], None]) -> None:
        self.limit = limit
        self.used = 0
        self._reclaim = reclaim

    def reserve(self, size: int) -> None:
        """Count `size` more bytes. Raises `StorageFull`."""
        if self.used + size > self.limit:
            self._reclaim()
        if self.used + size > self.limit:
            raise StorageFull(f"no room for {size} more bytes in {self.limit}")
        self.used += size

    def release(self, size: int) -> None:
        self.used -= size


class Content:
    """The bytes of one or more objects: counted once, from the first that has them until the last lets go.

    Every piece but the last is `PIECE_BYTES` long; none is ever changed.
    """

    def __init__(self, budget: Budget, size: int, etag: str, pieces: tuple[bytes, ...]) -> None:
        self.size = size
        self.etag = etag
        self.pieces = pieces
        self._budget = budget
        self._holders = 0

    def hold(self) -> None:
        self._holders += 1

    def let_go(self) -> None:
        self._holders -= 1
        if self._holders == 0:
            self._budget.release(self.size)


class Intake:
    """The bytes of one upload under way: counted, hashed, and cut into pieces of one length.

    Cutting bounds what an object of many tiny chunks costs, and readers get whole pieces without a copy.
    `keep` marks what has come so far; `roll_back` gives everything behind the mark back.
    """

    def __init__(self, budget: Budget) -> None:
        self.size = 0
        self.kept = 0
        self._budget = budget
        self._digest = hashlib.sha256()
        self._kept_digest = self._digest.copy()
        self._pieces: list[bytes] = []
        self._rest = bytearray()

    def take(self, chunk: bytes) -> None:
        """Add a chunk. Raises `StorageFull` and stays as it was."""
        self._budget.reserve(len(chunk))
        self.size += len(chunk)
        self._digest.update(chunk)
        at = 0
        while at < len(chunk):
            part = chunk[at : at + PIECE_BYTES - len(self._rest)]
            at += len(part)
            self._append(part)

    def keep(self) -> None:
        """Mark what has come so far, which must be whole pieces."""
        if self._rest:
            raise ValueError("the mark would be inside of a piece")
        self.kept = self.size
        self._kept_digest = self._digest.copy()

    def roll_back(self) -> None:
        """Go back to the mark, without one to the beginning."""
        self._budget.release(self.size - self.kept)
        self.size = self.kept
        self._digest = self._kept_digest.copy()
        del self._pieces[self.kept // PIECE_BYTES :]
        self._rest.clear()

    def discard(self) -> None:
        """Give everything back."""
        self.kept = 0
        self._kept_digest = hashlib.sha256()
        self.roll_back()

    def finish(self) -> Content:
        """Hand the bytes over, still counted; the intake is empty afterwards."""
        last = (bytes(self._rest),) if self._rest else ()
        content = Content(self._budget, self.size, self._digest.hexdigest(), (*self._pieces, *last))
        self.size = 0
        self.discard()
        return content

    def _append(self, part: bytes) -> None:
        if len(part) == PIECE_BYTES:
            self._pieces.append(part)
            return
        self._rest += part
        if len(self._rest) == PIECE_BYTES:
            self._pieces.append(bytes(self._rest))
            self._rest.clear()


async def read_pieces(pieces: tuple[bytes, ...], start: int, stop: int) -> AsyncGenerator[bytes, None]:
    """Yield the bytes from `start` to `stop` (exclusive), piece by piece."""
    at = start
    while at < stop:
        index, offset = divmod(at, PIECE_BYTES)
        piece = pieces[index][offset : offset + stop - at]
        at += len(piece)
        yield piece
