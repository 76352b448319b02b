"""The memory that all uploads to a bucket share: the more there are at once, the less of its object each holds."""

from typing import Final

from storage.store import RESUMABLE_CHUNK_BYTES, RESUMABLE_GRANULE_BYTES

ROOM_BYTES: Final = 96 * 1024 * 1024
"""What uploads hold in all, and 256 KiB for each beyond some dozens."""
_PART = 8


class Room:
    """Lends the sizes of chunks: eight MiB while few ask, an eighth of what is left for the next, 256 KiB at least."""

    def __init__(self, free_bytes: int = ROOM_BYTES) -> None:
        self._free = free_bytes

    def take(self) -> int:
        """How many bytes may be held until they are committed, a multiple of 256 KiB; to be given back."""
        share = self._free // _PART // RESUMABLE_GRANULE_BYTES * RESUMABLE_GRANULE_BYTES
        size = min(max(share, RESUMABLE_GRANULE_BYTES), RESUMABLE_CHUNK_BYTES)
        self._free -= size
        return size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._free += size
