"""One PUT to an upload session of the store of files, from its first byte to what it commits."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial

from storage.file_sessions import FileSessions, Session, Stretch
from storage.file_tree import blocking
from storage.own import OnProgress
from storage.resumable import PutHeaders, Receive, SessionState, decide
from storage.signing import SessionNotFound
from storage.store import RESUMABLE_CHUNK_BYTES


class Receiving:
    """One PUT to a session that brings bytes."""

    def __init__(
        self, sessions: FileSessions, session_id: str, on_progress: OnProgress, check: Callable[[], None]
    ) -> None:
        self._sessions = sessions
        self._session_id = session_id
        self._on_progress = on_progress
        self._check = check
        self._turn = uuid.uuid4().hex

    async def receive(
        self, headers: PutHeaders, chunks: AsyncIterator[bytes], check_turn: Callable[[], None]
    ) -> SessionState:
        """Commit what comes, and make the object when that was all. Raises what `OwnStore.put_session` does."""
        plans: list[Receive] = []

        def decided(session: Session) -> int | None:
            # The thread of one whose turn was ended goes on, and would take the session from who came after it.
            check_turn()
            plan = decide(session.state, headers)
            if plan is None:
                raise SessionNotFound(self._session_id)
            plans.append(plan)
            return plan.total

        session = await blocking(self._sessions.begin, self._session_id, self._turn, decided)
        [plan] = plans
        stretch: Stretch | None = None
        is_whole = False
        try:
            async with aclosing(plan.admit(chunks)) as parts:
                async for part in parts:
                    check_turn()
                    if stretch is None:
                        stretch = await blocking(self._sessions.stretch, self._session_id)
                    await blocking(stretch.write, part)
                    if stretch.size >= RESUMABLE_CHUNK_BYTES:
                        session, stretch = await self._commit(stretch), None
            check_turn()
            is_whole = plan.is_last
        finally:
            if stretch is not None:
                session = await self._commit(stretch, is_whole=is_whole)
        if is_whole and session.etag is None:
            session = await blocking(self._sessions.complete, self._session_id, self._turn, self._check)
            self._tell(session)
        return session.state

    async def _commit(self, stretch: Stretch, *, is_whole: bool = False) -> Session:
        size = await blocking(partial(stretch.finish, is_whole=is_whole))
        try:
            session = await blocking(self._sessions.commit, self._session_id, self._turn, stretch, size)
        except BaseException:
            await blocking(self._sessions.discard, self._session_id, stretch)
            raise
        if size:
            self._tell(session)
        return session

    def _tell(self, session: Session) -> None:
        self._on_progress(session.state.committed, session.state.total)
