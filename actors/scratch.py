"""Directories that runs work in, each run alone in its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


class ScratchRooms:
    """Hands out empty directories. One that a run left in peace is emptied and handed out again.

    Making and removing directories costs a file system more than it looks: ext4 without a journal passes by, one by
    one, every inode that was given back within the last minutes.
    """

    def __init__(self, parent: Path | None = None) -> None:
        """Below `parent`; by default where temporary files go."""
        self._parent = parent
        self._free: list[TemporaryDirectory[str]] = []

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A directory for as long as the context lasts."""
        taken = self._take()
        try:
            yield Path(taken.name)
        except BaseException:
            # A thread of the run may still be writing, which nothing can stop: not into somebody else's room.
            taken.cleanup()
            raise
        if _is_emptied(taken.name):
            self._free.append(taken)
        else:
            taken.cleanup()

    def _take(self) -> "TemporaryDirectory[str]":
        while self._free:
            room = self._free.pop()
            # Who tidies up temporary files may have removed one that nobody was in for days.
            if Path(room.name).is_dir():
                return room
            room.cleanup()
        return TemporaryDirectory(prefix="job-", dir=self._parent)

    def close(self) -> None:
        """Remove what nobody is in."""
        while self._free:
            self._free.pop().cleanup()


def _is_emptied(directory: str) -> bool:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    return False
                Path(entry).unlink()
    except OSError:
        return False
    return True
