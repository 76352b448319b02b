"""The store that keeps its objects as files below one directory: for one host, or for several on a shared volume."""

import os
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from storage.file_objects import SMALL_BYTES, Check, Draft, FileObjects
from storage.file_receiving import Receiving
from storage.file_sessions import FileSessions, Session
from storage.file_tree import Tree, blocking
from storage.own import OnProgress, no_progress
from storage.resumable import PutHeaders, SessionState, decide
from storage.signing import AlreadyUploaded, SessionGrant, SessionNotFound, UrlSigner, WriteGrant, session_id_of
from storage.store import (
    MediaObject,
    ObjectExists,
    ObjectNotFound,
    OpenObject,
    PresignedUpload,
    RangeNotSatisfiable,
    StorageUnavailable,
)
from storage.turns import Turns

READ_BYTES: Final = 256 * 1024
WRITE_BYTES: Final = 1024 * 1024
"""Smaller pieces are gathered: each write is a turn of a thread."""
LIST_BATCH: Final = 200
MAX_OBJECT_BYTES: Final = 5 * 2**40
"""As Google's; the disk is full before."""


class FileStore:
    """An `OwnStore`. What is committed is on the disk; several processes may work on the same directory."""

    is_ephemeral = False
    max_object_bytes = MAX_OBJECT_BYTES

    def __init__(
        self,
        directory: Path,
        signer: UrlSigner,
        *,
        clock: Callable[[], datetime],
        small_bytes: int = SMALL_BYTES,
    ) -> None:
        """What is smaller than `small_bytes` is one file. Raises `OSError` where the directory can't be used."""
        self._tree = Tree(directory)
        self._objects = FileObjects(self._tree, clock)
        self._sessions = FileSessions(self._tree, self._objects, clock)
        self._signer = signer
        self._small_bytes = small_bytes
        self._turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()

    async def upload(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, *, if_absent: bool = False
    ) -> MediaObject:
        def check(found: MediaObject | None) -> None:
            if if_absent and found is not None:
                raise ObjectExists(path)

        async with aclosing(_gathered(chunks)) as pieces:
            first = await anext(pieces, b"")
            if len(first) < self._small_bytes:
                return await blocking(self._objects.keep, first, path, content_type, check)
            if len(first) < WRITE_BYTES:
                # There is no more of it, and one turn of a thread does all.
                return await blocking(self._keep, first, path, content_type, check)
            return await self._take_in(path, pieces, content_type, check, first)

    async def put_signed(
        self, grant: WriteGrant, chunks: AsyncIterator[bytes], declared_length: int | None
    ) -> MediaObject:
        async with aclosing(grant.admit(chunks, declared_length)) as admitted:
            check = partial(self._check_vacant, grant.path)
            made = await self._take_in(grant.path, _gathered(admitted), grant.content_type, check)
        await blocking(self._objects.use_up, grant.path, grant.expires_at)
        return made

    async def upload_presigned(
        self, path: str, content_type: str, *, min_bytes: int, max_bytes: int, expires_in: float
    ) -> PresignedUpload:
        return self._signer.sign_put(path, content_type, min_bytes, max_bytes, expires_in)

    async def start_resumable(
        self,
        path: str,
        content_type: str,
        *,
        min_bytes: int,
        max_bytes: int,
        expires_in: float,
        origin: str | None = None,  # noqa: ARG002  # CORS is the service's own, and the same for every URL
    ) -> PresignedUpload:
        session_id = uuid.uuid4().hex
        presigned = self._signer.sign_session(path, session_id, content_type, min_bytes, max_bytes, expires_in)
        session = Session(path, content_type, min_bytes, max_bytes, presigned.expires_at.isoformat())
        await blocking(self._sessions.add, session_id, session)
        return presigned

    async def put_session(
        self,
        grant: SessionGrant,
        headers: PutHeaders,
        chunks: AsyncIterator[bytes],
        on_progress: OnProgress = no_progress,
    ) -> SessionState:
        session = await blocking(self._sessions.find, grant.session_id)
        plan = decide(session.state, headers)
        if plan is None:
            return session.state
        if session.etag is None:
            await blocking(self._check_vacant_now, session.path)
        turns = self._turns.setdefault(grant.session_id, Turns())
        receiving = Receiving(
            self._sessions, grant.session_id, on_progress, partial(self._check_vacant_now, session.path)
        )
        async with turns.taken() as turn:
            return await receiving.receive(headers, chunks, turn.check)

    async def cancel_session(self, grant: SessionGrant) -> None:
        session = await blocking(self._sessions.find, grant.session_id)
        if session.etag is not None:
            raise AlreadyUploaded(grant.path)
        await self._drop(grant.session_id)

    async def abort_resumable(self, url: str) -> None:
        session_id = session_id_of(url)
        if session_id is None:
            return
        with suppress(SessionNotFound):
            await self._drop(session_id)

    async def stat(self, path: str) -> MediaObject:
        found = await blocking(self._objects.find, path)
        if found is None:
            raise ObjectNotFound(path)
        return found

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        opened = await blocking(self._objects.open, path)
        size = opened.described.size
        if not (0 <= start < size or start == size == 0):
            os.close(opened.descriptor)
            raise RangeNotSatisfiable(path)
        end = size if stop is None else max(start, min(stop, size))
        first, behind = opened.offset + start, opened.offset + end
        return OpenObject(opened.described, start, end, _chunks(_Descriptor(opened.descriptor), first, behind))

    async def get_url(self, path: str, *, expires_in: float, filename: str | None = None) -> str:
        return self._signer.sign_get(path, expires_in, filename)

    async def copy(self, source: str, target: str) -> MediaObject:
        return await blocking(self._objects.copy, source, target)

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        await blocking(self._objects.delete, path, generation)

    async def list(self, prefix: str) -> AsyncIterator[MediaObject]:
        """List as the port says; an object that goes meanwhile is left out, one that comes is not seen."""
        paths = await blocking(self._objects.paths, prefix)
        for first in range(0, len(paths), LIST_BATCH):
            batch = paths[first : first + LIST_BATCH]
            for found in await blocking(lambda these: [self._objects.find(path) for path in these], batch):
                if found is not None:
                    yield found

    async def check(self) -> None:
        await blocking(self._tree.write, ["checks"], str(os.getpid()), b"")

    async def tidy(self) -> None:
        """Remove what crashes have left behind and what has expired. Raises `StorageUnavailable`."""
        await blocking(self._objects.tidy)
        await blocking(self._sessions.tidy)

    async def close(self) -> None:
        self._tree.close()

    async def _take_in(
        self, path: str, pieces: AsyncIterator[bytes], content_type: str, check: Check, first: bytes = b""
    ) -> MediaObject:
        """Store what comes in behind `first`, if `check` finds nothing against it, then and behind the last piece."""
        draft = await blocking(self._begin, path, check)
        try:
            last = first
            async for data in pieces:
                if last:
                    await blocking(draft.write, last)
                last = data
        except BaseException:
            await blocking(draft.discard)
            raise
        return await blocking(self._complete, draft, last, path, content_type, check)

    def _begin(self, path: str, check: Check) -> Draft:
        check(self._objects.find(path))
        return Draft(self._objects)

    def _keep(self, data: bytes, path: str, content_type: str, check: Check) -> MediaObject:
        return self._complete(Draft(self._objects), data, path, content_type, check)

    def _complete(self, draft: Draft, data: bytes, path: str, content_type: str, check: Check) -> MediaObject:
        try:
            draft.write(data)
            return self._objects.commit(draft.finish(), path, content_type, check)
        except BaseException:
            draft.discard()
            raise

    def _check_vacant(self, path: str, found: MediaObject | None) -> None:
        if found is not None or self._objects.is_used_up(path):
            raise AlreadyUploaded(path)

    def _check_vacant_now(self, path: str) -> None:
        self._check_vacant(path, self._objects.find(path))

    async def _drop(self, session_id: str) -> None:
        await blocking(self._sessions.drop, session_id)
        if turns := self._turns.get(session_id):
            turns.end(SessionNotFound("the upload session ended while its bytes came in"))


class _Descriptor:
    """An open file that is closed with its last reader, also one that never began."""

    def __init__(self, number: int) -> None:
        self.number = number

    def close(self) -> None:
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)

    def __del__(self) -> None:
        self.close()


async def _chunks(file: _Descriptor, start: int, stop: int) -> AsyncGenerator[bytes, None]:
    at = start
    try:
        while at < stop:
            data = await blocking(os.pread, file.number, min(READ_BYTES, stop - at), at)
            if not data:
                raise StorageUnavailable("a file is shorter than it was")
            at += len(data)
            yield data
    finally:
        file.close()


async def _gathered(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces that are worth a turn of a thread."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= WRITE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
