"""The store that keeps its objects in this process's memory: for development, tests and demos."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from storage.signing import AlreadyUploaded, UrlSigner, WriteGrant
from storage.store import (
    MediaObject,
    ObjectExists,
    ObjectNotFound,
    OpenObject,
    PreconditionFailed,
    PresignedUpload,
    RangeNotSatisfiable,
    StorageFull,
)

PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Stored:
    """One generation. Every piece but the last is `PIECE_BYTES` long; none is ever changed."""

    object: MediaObject
    pieces: tuple[bytes, ...]


class MemoryStore:
    """A `Store` as strict as Google's, for one event loop: no method awaits between a check and its act.

    `max_total_bytes` bounds the objects together with the uploads under way. A generation that was
    overwritten or deleted no longer counts, though its bytes stay until its last reader is through.
    """

    is_ephemeral = True

    def __init__(self, signer: UrlSigner, *, max_total_bytes: int, clock: Callable[[], datetime]) -> None:
        self._signer = signer
        self._budget = _Budget(max_total_bytes)
        self._clock = clock
        self._generations = count(1)
        self._objects: dict[str, _Stored] = {}

    @property
    def max_object_bytes(self) -> int:
        return self._budget.limit

    @property
    def used_bytes(self) -> int:
        """The bytes of all objects and of the uploads under way."""
        return self._budget.used

    async def upload(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, *, if_absent: bool = False
    ) -> MediaObject:
        self._check_absent(path, asked=if_absent)
        intake = _Intake(self._budget)
        try:
            async for chunk in chunks:
                intake.take(chunk)
            self._check_absent(path, asked=if_absent)
        except BaseException:  # a cancelled upload gives its bytes back, too
            self._budget.release(intake.size)
            raise
        return self._put(path, content_type, intake.size, intake.etag(), intake.pieces())

    async def put_signed(
        self, grant: WriteGrant, chunks: AsyncIterator[bytes], declared_length: int | None
    ) -> MediaObject:
        """Store what came in by PUT on a signed URL; `declared_length` is its Content-Length, if it had one.

        A URL makes one object, like Google's with `x-goog-if-generation-match: 0`: of any number of attempts
        one succeeds, and a refused one uses nothing up. Raises `TooFewBytes`, `TooManyBytes`,
        `AlreadyUploaded` (all `UploadRefused`; the last is an `ObjectExists`, too), `StorageFull`, and what
        `chunks` raises.
        """
        try:
            async with aclosing(grant.admit(chunks, declared_length)) as admitted:
                return await self.upload(grant.path, admitted, grant.content_type, if_absent=True)
        except ObjectExists as exc:
            raise AlreadyUploaded(grant.path) from exc

    async def upload_presigned(
        self, path: str, content_type: str, *, min_bytes: int, max_bytes: int, expires_in: float
    ) -> PresignedUpload:
        return self._signer.sign_put(path, content_type, min_bytes, max_bytes, expires_in)

    async def stat(self, path: str) -> MediaObject:
        return self._stored(path).object

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        stored = self._stored(path)
        size = stored.object.size
        if not (0 <= start < size or start == size == 0):
            raise RangeNotSatisfiable(path)
        end = size if stop is None else max(start, min(stop, size))
        return OpenObject(stored.object, start, end, _read(stored.pieces, start, end))

    async def get_url(self, path: str, *, expires_in: float, filename: str | None = None) -> str:
        return self._signer.sign_get(path, expires_in, filename)

    async def copy(self, source: str, target: str) -> MediaObject:
        """Copy as the port says; both objects share their bytes, but each counts in full."""
        stored = self._stored(source)
        origin = stored.object
        self._budget.reserve(origin.size)
        return self._put(target, origin.content_type, origin.size, origin.etag, stored.pieces)

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        stored = self._objects.get(path)
        if stored is None:
            return
        if generation not in {None, stored.object.generation}:
            raise PreconditionFailed(path)
        del self._objects[path]
        self._budget.release(stored.object.size)

    async def list(self, prefix: str) -> AsyncIterator[MediaObject]:
        """List as the port says; an object that goes meanwhile is left out, one that comes is not seen."""
        for path in sorted(path for path in self._objects if path.startswith(prefix)):
            if stored := self._objects.get(path):
                yield stored.object

    async def check(self) -> None:
        """Find nothing wrong: this store serves as long as its process does."""

    async def close(self) -> None:
        """Do nothing: there are no connections, and the objects go with the store."""

    def _stored(self, path: str) -> _Stored:
        stored = self._objects.get(path)
        if stored is None:
            raise ObjectNotFound(path)
        return stored

    def _check_absent(self, path: str, *, asked: bool) -> None:
        if asked and path in self._objects:
            raise ObjectExists(path)

    def _put(self, path: str, content_type: str, size: int, etag: str, pieces: tuple[bytes, ...]) -> MediaObject:
        """Make reserved bytes the object at `path`, and free those of the one before."""
        generation = str(next(self._generations))
        made = MediaObject(path, size, content_type, generation, etag, self._clock())
        replaced = self._objects.get(path)
        self._objects[path] = _Stored(made, pieces)
        if replaced:
            self._budget.release(replaced.object.size)
        return made


class _Budget:
    """Counts bytes against a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def reserve(self, size: int) -> None:
        if self.used + size > self.limit:
            raise StorageFull(f"no room for {size} more bytes in {self.limit}")
        self.used += size

    def release(self, size: int) -> None:
        self.used -= size


class _Intake:
    """The bytes of one upload under way: counted, hashed, and cut into pieces of one length.

    Cutting bounds what an object of many tiny chunks costs, and readers get whole pieces without a copy.
    """

    def __init__(self, budget: _Budget) -> None:
        self.size = 0
        self._budget = budget
        self._digest = hashlib.sha256()
        self._pieces: list[bytes] = []
        self._rest = bytearray()

    def take(self, chunk: bytes) -> None:
        self._budget.reserve(len(chunk))
        self.size += len(chunk)
        self._digest.update(chunk)
        at = 0
        while at < len(chunk):
            part = chunk[at : at + PIECE_BYTES - len(self._rest)]
            at += len(part)
            self._append(part)

    def etag(self) -> str:
        return self._digest.hexdigest()

    def pieces(self) -> tuple[bytes, ...]:
        last = (bytes(self._rest),) if self._rest else ()
        return (*self._pieces, *last)

    def _append(self, part: bytes) -> None:
        if len(part) == PIECE_BYTES:
            self._pieces.append(part)
            return
        self._rest += part
        if len(self._rest) == PIECE_BYTES:
            self._pieces.append(bytes(self._rest))
            self._rest.clear()


async def _read(pieces: tuple[bytes, ...], start: int, stop: int) -> AsyncGenerator[bytes, None]:
    at = start
    while at < stop:
        index, offset = divmod(at, PIECE_BYTES)
        piece = pieces[index][offset : offset + stop - at]
        at += len(piece)
        yield piece
