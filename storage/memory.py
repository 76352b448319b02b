"""The store that keeps its objects in this process's memory: for development, tests and demos."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from storage.memory_sessions import MemorySession, MemorySessions
from storage.own import OnProgress, no_progress
from storage.pieces import Budget, Content, Intake, read_pieces
from storage.resumable import PutHeaders, SessionState, decide
from storage.signing import AlreadyUploaded, SessionGrant, UrlSigner, WriteGrant, session_id_of
from storage.store import (
    MediaObject,
    ObjectExists,
    ObjectNotFound,
    OpenObject,
    PreconditionFailed,
    PresignedUpload,
    RangeNotSatisfiable,
)

MAX_OPEN_SESSIONS = 1000


@dataclass(frozen=True, slots=True)
class _Stored:
    """One generation."""

    object: MediaObject
    content: Content


class MemoryStore:
    """An `OwnStore` as strict as Google's, for one event loop: no method awaits between a check and its act.

    `max_total_bytes` bounds the objects together with the uploads and upload sessions under way; what copies
    share counts once. A generation that was overwritten or deleted no longer counts, though its bytes stay
    until its last reader is through. At most `max_sessions` upload sessions are open.
    """

    is_ephemeral = True

    def __init__(
        self,
        signer: UrlSigner,
        *,
        max_total_bytes: int,
        clock: Callable[[], datetime],
        max_sessions: int = MAX_OPEN_SESSIONS,
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._sessions = MemorySessions(clock, max_sessions)
        self._budget = Budget(max_total_bytes, reclaim=self._sessions.drop_expired)
        self._generations = count(1)
        self._objects: dict[str, _Stored] = {}
        self._used_up: dict[str, datetime] = {}

    @property
    def max_object_bytes(self) -> int:
        return self._budget.limit

    @property
    def used_bytes(self) -> int:
        """The bytes of all objects, of the uploads under way and of the sessions that have not expired."""
        self._sessions.drop_expired()
        return self._budget.used

    async def upload(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, *, if_absent: bool = False
    ) -> MediaObject:
        return await self._take_in(path, chunks, content_type, lambda: self._check_absent(path, asked=if_absent))

    async def put_signed(
        self, grant: WriteGrant, chunks: AsyncIterator[bytes], declared_length: int | None
    ) -> MediaObject:
        now = self._clock()
        self._used_up = {path: expires_at for path, expires_at in self._used_up.items() if expires_at > now}
        async with aclosing(grant.admit(chunks, declared_length)) as admitted:
            made = await self._take_in(grant.path, admitted, grant.content_type, lambda: self._check_vacant(grant.path))
            self._used_up[grant.path] = grant.expires_at
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
        session_id = secrets.token_urlsafe(24)
        presigned = self._signer.sign_session(path, session_id, content_type, min_bytes, max_bytes, expires_in)
        agreed = SessionState(content_type, min_bytes, max_bytes)
        self._sessions.add(session_id, MemorySession(path, agreed, presigned.expires_at, self._budget))
        return presigned

    async def put_session(
        self,
        grant: SessionGrant,
        headers: PutHeaders,
        chunks: AsyncIterator[bytes],
        on_progress: OnProgress = no_progress,
    ) -> SessionState:
        session = self._sessions.find(grant.session_id)
        plan = decide(session.state, headers)
        if plan is not None:
            if not session.is_complete:
                self._check_vacant(session.path)
            await session.receive(plan, chunks, lambda: self._publish(session), on_progress)
        return session.state

    async def cancel_session(self, grant: SessionGrant) -> None:
        if self._sessions.find(grant.session_id).is_complete:
            raise AlreadyUploaded(grant.path)
        self._sessions.drop(grant.session_id)

    async def abort_resumable(self, url: str) -> None:
        self._sessions.drop(session_id_of(url) or "")

    async def stat(self, path: str) -> MediaObject:
        return self._stored(path).object

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        stored = self._stored(path)
        size = stored.object.size
        if not (0 <= start < size or start == size == 0):
            raise RangeNotSatisfiable(path)
        end = size if stop is None else max(start, min(stop, size))
        return OpenObject(stored.object, start, end, read_pieces(stored.content.pieces, start, end))

    async def get_url(self, path: str, *, expires_in: float, filename: str | None = None) -> str:
        return self._signer.sign_get(path, expires_in, filename)

    async def copy(self, source: str, target: str) -> MediaObject:
        """Copy as the port says; both objects share their bytes, which count once, so there is always room."""
        stored = self._stored(source)
        return self._put(target, stored.object.content_type, stored.content)

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        stored = self._objects.get(path)
        if stored is None:
            return
        if generation not in {None, stored.object.generation}:
            raise PreconditionFailed(path)
        del self._objects[path]
        stored.content.let_go()

    async def list(self, prefix: str) -> AsyncIterator[MediaObject]:
        """List as the port says; an object that goes meanwhile is left out, one that comes is not seen."""
        for path in sorted(path for path in self._objects if path.startswith(prefix)):
            if stored := self._objects.get(path):
                yield stored.object

    async def check(self) -> None:
        """Find nothing wrong: this store serves as long as its process does."""

    async def close(self) -> None:
        """Do nothing: there are no connections, and the objects go with the store."""

    async def _take_in(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, check: Callable[[], None]
    ) -> MediaObject:
        """Store what comes in, if `check` finds nothing against it, before the first chunk and behind the last."""
        check()
        intake = Intake(self._budget)
        try:
            async for chunk in chunks:
                intake.take(chunk)
            check()
        except BaseException:  # a cancelled upload gives its bytes back, too
            intake.discard()
            raise
        return self._put(path, content_type, intake.finish())

    def _stored(self, path: str) -> _Stored:
        stored = self._objects.get(path)
        if stored is None:
            raise ObjectNotFound(path)
        return stored

    def _check_absent(self, path: str, *, asked: bool) -> None:
        if asked and path in self._objects:
            raise ObjectExists(path)

    def _check_vacant(self, path: str) -> None:
        if path in self._objects or path in self._used_up:
            raise AlreadyUploaded(path)

    def _publish(self, session: MemorySession) -> None:
        """Make the object of a session whose bytes are all there."""
        self._check_vacant(session.path)
        self._put(session.path, session.content_type, session.complete())

    def _put(self, path: str, content_type: str, content: Content) -> MediaObject:
        """Make counted bytes the object at `path`, and let go of those of the one before."""
        generation = str(next(self._generations))
        made = MediaObject(path, content.size, content_type, generation, content.etag, self._clock())
        replaced = self._objects.get(path)
        content.hold()  # before the one that is replaced lets go, which may hold the same
        self._objects[path] = _Stored(made, content)
        if replaced:
            replaced.content.let_go()
        return made
