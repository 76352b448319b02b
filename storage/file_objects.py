"""Objects as files: a description at the object's path names the file that has the bytes; both are never changed.

A small object's bytes lie behind its description, in the same file: half the files, and half the waiting for the disk.

meta/media+/alice+/images+/a.png    a description (JSON): generation, type, size, …; then, of a small object, a line's
                                    end and its bytes
blobs/3f/3f9c…                      the bytes of one generation
drafts/3f9c…                        bytes that are coming in
notes/3f9c…                         a generation that may have to be removed: what a crash would leave behind; after a
                                    power cut a note may be missing, and the bytes stay
used/…                              upload URLs that have made their object
"""

import contextlib
import hashlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from storage.file_layout import description_of, directory_name, object_of, place_of, segment_of
from storage.file_tree import TRIES, Tree, write_whole
from storage.store import MediaObject, ObjectNotFound, PreconditionFailed

FORGOTTEN_SECONDS = 86400.0
"""After so long nobody is still writing what a crash has left."""
SMALL_BYTES = 64 * 1024
"""What is smaller lies with its description, which is read for each look at the object."""
_COPY_BYTES = 1024 * 1024
_HEAD_BYTES = 4096
_LINE_END = b"\n"
_DRAFT = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Check = Callable[[MediaObject | None], None]
"""Looks at the object that would be replaced, and raises what speaks against it."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An object, and a descriptor of the file that has its bytes from `offset` on, which stays good."""

    described: MediaObject
    descriptor: int
    offset: int


@dataclass(frozen=True, slots=True)
class Made:
    """The bytes of a generation that is not at any path yet. `size` in bytes."""

    generation: str
    size: int
    etag: str


class Draft:
    """Bytes that come in. Methods block, and wait for each other: whoever is cancelled may leave one at work."""

    def __init__(self, objects: "FileObjects") -> None:
        self.generation = uuid.uuid4().hex
        self.size = 0
        self._objects = objects
        self._digest = hashlib.sha256()
        self._turn = threading.Lock()
        with objects.tree.directory("drafts", create=True) as directory:
            self.descriptor = os.open(self.generation, _DRAFT, 0o600, dir_fd=directory)

    def write(self, data: bytes) -> None:
        """Add bytes."""
        with self._turn:
            write_whole(self.descriptor, data)
            self._digest.update(data)
            self.size += len(data)

    def finish(self) -> Made:
        """Have the bytes on the disk."""
        with self._turn:
            os.fsync(self.descriptor)
            self._close()
        return Made(self.generation, self.size, self._digest.hexdigest())

    def discard(self) -> None:
        """Forget it, finished or not. Idempotent."""
        with self._turn:
            if self.descriptor >= 0:
                self._close()
        self._objects.tree.unlink(["drafts"], self.generation)

    def _close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        os.close(descriptor)


class FileObjects:
    """Everything blocks. Raises `OSError` beside what is said."""

    def __init__(self, tree: Tree, clock: Callable[[], datetime]) -> None:
        self.tree = tree
        self._clock = clock

    def find(self, path: str) -> MediaObject | None:
        """The description of what is at `path`."""
        opened = self._open(path)
        if opened is None:
            return None
        os.close(opened.descriptor)
        return opened.described

    def _open(self, path: str) -> OpenFile | None:
        """The description's file, read; `offset` is 0 where it has no bytes of the object."""
        folders, name = place_of(path)
        descriptor = self.tree.open(folders, name)
        if descriptor is None:
            return None
        try:
            head = os.pread(descriptor, _HEAD_BYTES, 0)
            description, end, _ = head.partition(_LINE_END)
            return OpenFile(object_of(path, description), descriptor, len(description) + 1 if end else 0)
        except BaseException:
            os.close(descriptor)
            raise

    def keep(self, data: bytes, path: str, content_type: str, check: Check) -> MediaObject:
        """Put a small object at `path`, in one step for whoever looks, unless `check` raises."""
        digest = hashlib.sha256(data).hexdigest()
        described = MediaObject(path, len(data), content_type, uuid.uuid4().hex, digest, self._clock())
        with self.tree.locked(path), self._replacing(path, check):
            folders, name = place_of(path)
            self.tree.write(folders, name, description_of(described) + _LINE_END + data)
        return described

    def commit(self, made: Made, path: str, content_type: str, check: Check) -> MediaObject:
        """Put finished bytes at `path`, in one step for whoever looks, unless `check` raises."""
        described = MediaObject(path, made.size, content_type, made.generation, made.etag, self._clock())
        folders, name = place_of(path)
        with self.tree.locked(path), self._replacing(path, check):
            self._note(made.generation, path)
            self._move_draft(made.generation)
            self.tree.write(folders, name, description_of(described))
            self._forget_note(made.generation)
        return described

    @contextmanager
    def _replacing(self, path: str, check: Check) -> Iterator[None]:
        """Remove what is replaced at `path` behind the context, unless `check` raises. Under the path's lock."""
        replaced = self.find(path)
        check(replaced)
        if replaced is not None:
            self._note(replaced.generation, path)
        yield
        if replaced is not None:
            self._remove(replaced.generation)

    def open(self, path: str) -> OpenFile:
        """What is at `path`, for whoever closes it. Raises `ObjectNotFound`."""
        for _ in range(TRIES):
            opened = self._open(path)
            if opened is None:
                break
            if opened.offset:
                return opened
            os.close(opened.descriptor)
            generation = opened.described.generation
            # Where it is not there, it was replaced after its description was read.
            if (descriptor := self.tree.open(["blobs", generation[:2]], generation)) is not None:
                return OpenFile(opened.described, descriptor, 0)
        raise ObjectNotFound(path)

    def copy(self, source: str, target: str) -> MediaObject:
        """Copy without copying bytes where the file system can share them. Raises `ObjectNotFound`."""
        opened = self.open(source)
        described = opened.described
        made = Made(uuid.uuid4().hex, described.size, described.etag)
        try:
            if opened.offset:
                data = os.pread(opened.descriptor, described.size, opened.offset)
                return self.keep(data, target, described.content_type, lambda _: None)
            self._share(described.generation, opened.descriptor, made.generation)
        finally:
            os.close(opened.descriptor)
        return self.commit(made, target, described.content_type, lambda _: None)

    def delete(self, path: str, generation: str | None) -> None:
        """Remove what is at `path`. Raises `PreconditionFailed` for another generation than the one that is named."""
        folders, name = place_of(path)
        with self.tree.locked(path):
            found = self.find(path)
            if found is None:
                return
            if generation not in {None, found.generation}:
                raise PreconditionFailed(path)
            self._note(found.generation, path)
            self.tree.unlink(folders, name)
            self._remove(found.generation)
        self.tree.prune(folders, least=1)

    def paths(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`, in order."""
        folders = prefix.split("/")[:-1]
        return sorted(path for path in self._walk(folders) if path.startswith(prefix))

    def use_up(self, path: str, expires_at: datetime) -> None:
        """Note that an upload's URL has made its object."""
        self.tree.write(["used"], _hashed(path), str(expires_at.timestamp()).encode())

    def is_used_up(self, path: str) -> bool:
        """Whether an upload's URL has made its object, which may be gone."""
        return self.tree.read(["used"], _hashed(path)) is not None

    def tidy(self) -> None:
        """Remove what crashes have left: drafts, generations that no description names; and marks past their time."""
        for name, _ in self.tree.entries("notes"):
            note = self.tree.read(["notes"], name)
            if note is None or not self._is_forgotten("notes", name):
                continue
            path, end, _ = note.decode().partition("\n")
            if not end:
                # A power cut took what it said: what it was about may well be at its path.
                self._forget_note(name)
                continue
            with self.tree.locked(path):
                found = self.find(path)
                if found is not None and found.generation == name:
                    self._forget_note(name)
                else:
                    self._remove(name)
        for name, _ in self.tree.entries("drafts"):
            if self._is_forgotten("drafts", name):
                self.tree.unlink(["drafts"], name)
        for name, _ in self.tree.entries("used"):
            until = self.tree.read(["used"], name)
            if until and float(until) < self._clock().timestamp():
                self.tree.unlink(["used"], name)

    def _walk(self, folders: list[str]) -> Iterator[str]:
        names = ["meta", *map(directory_name, folders)]
        for name, is_directory in self.tree.entries(*names):
            if is_directory and name.endswith("+"):
                yield from self._walk([*folders, segment_of(name)])
            elif not is_directory and not name.startswith("."):
                yield "/".join([*folders, segment_of(name)])

    def _move_draft(self, generation: str) -> None:
        with (
            self.tree.directory("drafts", create=True) as drafts,
            self.tree.directory("blobs", generation[:2], create=True) as blobs,
        ):
            os.rename(generation, generation, src_dir_fd=drafts, dst_dir_fd=blobs)
            os.fsync(blobs)

    def _share(self, source: str, descriptor: int, target: str) -> None:
        """Make a draft that has the bytes of a generation, by a second name for them where that can be had."""
        with (
            contextlib.suppress(OSError),
            self.tree.directory("blobs", source[:2]) as blobs,
            self.tree.directory("drafts", create=True) as drafts,
        ):
            os.link(source, target, src_dir_fd=blobs, dst_dir_fd=drafts, follow_symlinks=False)
            return
        with self.tree.directory("drafts", create=True) as drafts:
            copy = os.open(target, _DRAFT, 0o600, dir_fd=drafts)
        with os.fdopen(copy, "wb") as file:
            at = 0
            while data := os.pread(descriptor, _COPY_BYTES, at):
                file.write(data)
                at += len(data)
            file.flush()
            os.fsync(file.fileno())

    def _note(self, generation: str, path: str) -> None:
        self.tree.jot(["notes"], generation, f"{path}\n".encode())

    def _forget_note(self, generation: str) -> None:
        self.tree.unlink(["notes"], generation)

    def _remove(self, generation: str) -> None:
        self.tree.unlink(["blobs", generation[:2]], generation)
        self._forget_note(generation)

    def _is_forgotten(self, folder: str, name: str) -> bool:
        try:
            with self.tree.directory(folder) as directory:
                changed = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mtime
        except FileNotFoundError:
            return False
        # The file system's own times, so its own clock: the store's may be a test's.
        return time.time() - changed > FORGOTTEN_SECONDS


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
