"""A directory tree that nothing leads out of: every step is taken from an open directory and follows no link."""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from storage.store import StorageFull, StorageUnavailable

T = TypeVar("T")

LOCKS = 256
TRIES = 5
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def translated(error: OSError) -> NoReturn:
    """Raise what a failure of the file system means to a store's user."""
    if error.errno in _NO_ROOM:
        raise StorageFull("the file system has no room") from error
    raise StorageUnavailable(os.strerror(error.errno or 0)) from error


async def blocking(function: Callable[..., T], *arguments: Any) -> T:
    """Run what blocks in a thread, its failures in the words of the port."""
    try:
        return await asyncio.to_thread(function, *arguments)
    except OSError as error:
        translated(error)


class Tree:
    """Directories below one root, for several processes at once. Methods block; they raise `OSError`."""

    def __init__(self, root: Path) -> None:
        """Make the root, for this user alone, where it is missing."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._locks = _open_or_make("locks", self._root)

    def close(self) -> None:
        """Let go of the root. Idempotent."""
        root, self._root = self._root, -1
        if root >= 0:
            os.close(root)
            os.close(self._locks)
            self._locks = -1

    @contextmanager
    def directory(self, *names: str, create: bool = False) -> Iterator[int]:
        """An open directory, one name for each level. Raises `FileNotFoundError` where it is missing."""
        descriptor = os.dup(self._root)
        try:
            for name in names:
                inner = _open_or_make(name, descriptor) if create else os.open(name, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock that other processes see, too. Names share locks: never take a second one inside."""
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % LOCKS
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(f"{number:02x}", flags, 0o600, dir_fd=self._locks)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def write(self, names: Sequence[str], name: str, data: bytes) -> None:
        """Write a small file as a whole: who reads it finds the old bytes or the new ones, after a crash, too."""
        for attempt in range(TRIES):
            with self.directory(*names, create=True) as directory:
                try:
                    replace(directory, name, data)
                except FileNotFoundError:
                    # Somebody removed the directory, which was empty, after it was opened.
                    if attempt == TRIES - 1:
                        raise
                else:
                    return

    def jot(self, names: Sequence[str], name: str, data: bytes) -> None:
        """Write a small file that a power cut may take, wholly or in part: nothing waits for the disk."""
        with self.directory(*names, create=True) as directory:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(name, flags, 0o600, dir_fd=directory), "wb") as file:
                file.write(data)

    def read(self, names: Sequence[str], name: str) -> bytes | None:
        """A small file's bytes; None where there is none."""
        descriptor = self.open(names, name)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def open(self, names: Sequence[str], name: str) -> int | None:
        """A file to read from; None where there is none."""
        try:
            with self.directory(*names) as directory:
                return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        except FileNotFoundError:
            return None

    def unlink(self, names: Sequence[str], name: str) -> bool:
        """Remove a file; whether there was one."""
        try:
            with self.directory(*names) as directory:
                os.unlink(name, dir_fd=directory)
        except FileNotFoundError:
            return False
        return True

    def prune(self, names: Sequence[str], *, least: int) -> None:
        """Remove directories that are empty, from the innermost on; the first `least` levels stay."""
        for depth in range(len(names), least, -1):
            try:
                with self.directory(*names[: depth - 1]) as directory:
                    os.rmdir(names[depth - 1], dir_fd=directory)
            except OSError:
                return

    def entries(self, *names: str) -> list[tuple[str, bool]]:
        """What is in a directory: names, and whether each is a directory; nothing where it is missing."""
        try:
            with self.directory(*names) as directory, os.scandir(directory) as found:
                return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        except FileNotFoundError:
            return []


def _open_or_make(name: str, directory: int) -> int:
    """An open directory. Raises `FileNotFoundError` where somebody is faster at removing it."""
    with contextlib.suppress(FileNotFoundError):
        return os.open(name, _DIRECTORY, dir_fd=directory)
    # Who made it meanwhile may not have had it written yet.
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=directory)
    os.fsync(directory)
    return os.open(name, _DIRECTORY, dir_fd=directory)


def replace(directory: int, name: str, data: bytes) -> None:
    """Write a small file into an open directory as a whole. Raises `FileNotFoundError` where that was removed."""
    draft = f".{name[:100]}.{os.urandom(8).hex()}"
    try:
        _write_draft(directory, draft, data)
        os.rename(draft, name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=directory)
        raise


def _write_draft(directory: int, name: str, data: bytes) -> None:
    # Without a file object, which asks the system as much again: each call is a change of threads.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=directory)
    try:
        write_whole(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(descriptor: int, data: bytes) -> None:
    """Write all of it: the system may take a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
