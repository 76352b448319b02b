"""The bytes of an upload that are not committed yet: the least that must be kept to send them again."""

from collections import deque
from collections.abc import AsyncGenerator, Iterator

PIECE_BYTES = 64 * 1024
"""The most that is handed to a socket at once; a piece that came in larger is not copied for it."""


class Window:
    """A stretch of a stream, from `start` to `stop` (exclusive, from the stream's beginning)."""

    def __init__(self) -> None:
        self.start = 0
        self.stop = 0
        self._pieces: deque[memoryview] = deque()

    def add(self, piece: memoryview) -> None:
        """Append what comes next."""
        if piece:
            self._pieces.append(piece)
            self.stop += len(piece)

    def drop(self, until: int) -> None:
        """Let go of what lies before `until`, which is inside the window."""
        while self.start < until:
            first = self._pieces.popleft()
            surplus = self.start + len(first) - until
            if surplus > 0:
                self._pieces.appendleft(first[-surplus:])
            self.start = min(self.start + len(first), until)

    async def read(self, until: int) -> AsyncGenerator[memoryview, None]:
        """Yield what lies before `until`, as a request's body."""
        left = until - self.start
        for piece in tuple(self._pieces):
            for part in parts(piece[:left], PIECE_BYTES):
                yield part
            left -= min(len(piece), left)


def parts(piece: memoryview, size: int) -> Iterator[memoryview]:
    """Cut into pieces of at most `size` bytes, without copying."""
    for at in range(0, len(piece), size):
        yield piece[at : at + size]
