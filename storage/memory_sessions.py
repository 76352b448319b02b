"""The upload sessions of the memory store: their bytes as far as they came, and how many there may be."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime

from storage.own import OnProgress
from storage.pieces import Budget, Content, Intake
from storage.resumable import Receive, SessionState
from storage.signing import SessionNotFound
from storage.store import RESUMABLE_CHUNK_BYTES, RESUMABLE_GRANULE_BYTES, StorageFull
from storage.turns import Turn, Turns


class MemorySession:
    """One session. Everything but waiting for bytes happens in one step of the loop."""

    def __init__(self, path: str, agreed: SessionState, expires_at: datetime, budget: Budget) -> None:
        self.path = path
        self.content_type = agreed.content_type
        self.expires_at = expires_at
        self._agreed = agreed
        self._intake = Intake(budget)
        self._turns = Turns()
        self._total: int | None = None
        self._etag: str | None = None
        self._told = (0, False)

    @property
    def is_complete(self) -> bool:
        return self._etag is not None

    @property
    def state(self) -> SessionState:
        """How far the session is."""
        agreed, total = self._agreed, self._total
        committed = total if self.is_complete and total is not None else self._intake.kept
        return SessionState(
            agreed.content_type, agreed.min_bytes, agreed.max_bytes, committed=committed, total=total, etag=self._etag
        )

    async def receive(
        self, plan: Receive, chunks: AsyncIterator[bytes], publish: Callable[[], None], on_progress: OnProgress
    ) -> None:
        """Carry out what was decided, and `publish` when the object is whole.

        However it ends, whole granules that arrived are committed and the rest is given back. Raises what
        `Receive.admit`, `Turns.taken`, `chunks` and `publish` raise, and `StorageFull`.
        """
        async with self._turns.taken() as turn:
            self._intake.roll_back()  # of the sender whose turn has ended just now, before it could
            self._total = plan.total
            try:
                async with aclosing(plan.admit(chunks)) as parts:
                    async for part in parts:
                        self._take(part, turn)
                        if self._intake.kept - self._told[0] >= RESUMABLE_CHUNK_BYTES:
                            self._tell(on_progress)
                turn.check()
                if plan.is_last and not self.is_complete:
                    publish()
            finally:
                self._settle(turn)
                self._tell(on_progress)

    def complete(self) -> Content:
        """Hand the bytes over: they are an object from now on."""
        self._total = self._intake.size
        content = self._intake.finish()
        self._etag = content.etag
        return content

    def close(self) -> None:
        """Free everything; whoever is sending hears that the session is gone."""
        self._turns.end(SessionNotFound("the upload session ended while its bytes came in"))
        self._intake.discard()

    def _take(self, part: bytes, turn: Turn) -> None:
        turn.check()
        self._intake.take(part)
        turn.check()  # again: making room may have closed this very session
        if self._intake.size % RESUMABLE_GRANULE_BYTES == 0:
            self._intake.keep()

    def _settle(self, turn: Turn) -> None:
        """Give back what is not committed, unless a later sender has done so and begun to add its own."""
        if self._turns.is_free_for(turn):
            self._intake.roll_back()

    def _tell(self, on_progress: OnProgress) -> None:
        state = self.state
        if self._told != (news := (state.committed, state.is_complete)):
            self._told = news
            on_progress(state.committed, state.total)


class MemorySessions:
    """The sessions by their ids. At most `limit` are open; as many that are complete are remembered, too."""

    def __init__(self, clock: Callable[[], datetime], limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._sessions: dict[str, MemorySession] = {}

    def add(self, session_id: str, session: MemorySession) -> None:
        """Open a session. Raises `StorageFull` when too many are open."""
        self.drop_expired()
        complete = [each for each, known in self._sessions.items() if known.is_complete]
        if len(self._sessions) - len(complete) >= self._limit:
            raise StorageFull(f"{self._limit} upload sessions are open")
        if len(complete) >= self._limit:
            del self._sessions[complete[0]]
        self._sessions[session_id] = session

    def find(self, session_id: str) -> MemorySession:
        """Give a session. Raises `SessionNotFound`, for one that has expired, too."""
        self.drop_expired()
        session = self._sessions.get(session_id)
        if session is None:
            raise SessionNotFound("the upload session is over, or never was")
        return session

    def drop(self, session_id: str) -> None:
        """Forget a session and free what it holds. Idempotent."""
        session = self._sessions.pop(session_id, None)
        if session is not None:
            session.close()

    def drop_expired(self) -> None:
        now = self._clock()
        for each in [each for each, session in self._sessions.items() if session.expires_at <= now]:
            self.drop(each)
