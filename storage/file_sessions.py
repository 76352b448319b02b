"""Upload sessions as files: a state that is replaced as a whole, and one file for each stretch of committed bytes.

Several processes may serve the same session. Whoever begins to send writes his name into the state, and only he may
commit; what another one still writes is in a file of that one's own.
"""

import json
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from storage.file_objects import Draft, FileObjects
from storage.file_tree import Tree
from storage.resumable import SessionState
from storage.signing import SessionNotFound
from storage.store import RESUMABLE_GRANULE_BYTES
from storage.turns import TakenOver

_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session. `stretches` are names and sizes, in order; `turn` names who may commit."""

    path: str
    content_type: str
    min_bytes: int
    max_bytes: int
    expires_at: str
    stretches: tuple[tuple[str, int], ...] = ()
    total: int | None = None
    etag: str | None = None
    turn: str = ""

    @property
    def state(self) -> SessionState:
        """How far it is."""
        stored = sum(size for _, size in self.stretches)
        committed = self.total if self.etag is not None and self.total is not None else stored
        return SessionState(
            self.content_type,
            self.min_bytes,
            self.max_bytes,
            committed=committed,
            total=self.total,
            etag=self.etag,
        )


class Stretch:
    """Bytes of one session that are not committed yet, in a file of their sender's own. Methods block."""

    def __init__(self, tree: Tree, session_id: str) -> None:
        self.name = uuid.uuid4().hex
        self.size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        # The session's folder is made with it: when it is gone, so is the session.
        try:
            with tree.directory("sessions", session_id) as directory:
                self._descriptor = os.open(self.name, flags, 0o600, dir_fd=directory)
        except FileNotFoundError as error:
            raise SessionNotFound(session_id) from error

    def write(self, data: bytes) -> None:
        """Add bytes."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self.size += len(data)

    def finish(self, *, is_whole: bool) -> int:
        """Have the bytes on the disk, cut back to whole granules unless they are the last; how many that are."""
        kept = self.size if is_whole else self.size - self.size % RESUMABLE_GRANULE_BYTES
        os.ftruncate(self._descriptor, kept)
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        return kept


class FileSessions:
    """Everything blocks. Raises `OSError` beside what is said."""

    def __init__(self, tree: Tree, objects: FileObjects, clock: Callable[[], datetime]) -> None:
        self._tree = tree
        self._objects = objects
        self._clock = clock

    def add(self, session_id: str, session: Session) -> None:
        """Open a session."""
        self._save(session_id, session, create=True)

    def find(self, session_id: str) -> Session:
        """Give a session. Raises `SessionNotFound`, for one that has expired, too."""
        data = self._tree.read(["sessions", session_id], "state") if session_id.isalnum() else None
        if data is None:
            raise SessionNotFound("the upload session is over, or never was")
        found = json.loads(data)
        session = Session(**found | {"stretches": tuple((name, size) for name, size in found["stretches"])})
        if datetime.fromisoformat(session.expires_at) <= self._clock():
            self.drop(session_id)
            raise SessionNotFound("the upload session is over, or never was")
        return session

    def stretch(self, session_id: str) -> Stretch:
        """A file for what its sender brings. Raises `SessionNotFound`."""
        return Stretch(self._tree, session_id)

    def begin(self, session_id: str, turn: str, decided: Callable[[Session], int | None]) -> Session:
        """Give the turn to whoever asks, after `decided` has said from the state as it is now which total holds."""
        with self._tree.locked(session_id):
            session = self.find(session_id)
            session = replace(session, total=decided(session), turn=turn)
            self._save(session_id, session)
        return session

    def commit(self, session_id: str, turn: str, stretch: Stretch, size: int) -> Session:
        """Add a finished stretch. Raises `TakenOver`, `SessionNotFound`."""
        with self._tree.locked(session_id):
            session = self._of(session_id, turn)
            session = replace(session, stretches=(*session.stretches, (stretch.name, size)))
            self._save(session_id, session)
        return session

    def complete(self, session_id: str, turn: str, check: Callable[[], None]) -> Session:
        """Make the object of a session whose bytes are all there. Raises what `check` and `commit` raise."""
        draft = Draft(self._objects)
        try:
            session = self._of(session_id, turn)
            for name, _ in session.stretches:
                self._append(draft, session_id, name)
            made = draft.finish()
            described = self._objects.commit(made, session.path, session.content_type, lambda _: check())
        finally:
            draft.discard()
        with self._tree.locked(session_id):
            complete = replace(session, etag=described.etag, total=described.size, stretches=())
            self._save(session_id, complete)
        for name, _ in session.stretches:
            self._tree.unlink(["sessions", session_id], name)
        return complete

    def discard(self, session_id: str, stretch: Stretch) -> None:
        """Remove a stretch that nobody committed."""
        self._tree.unlink(["sessions", session_id], stretch.name)

    def drop(self, session_id: str) -> None:
        """Forget a session and free what it holds. Idempotent."""
        if not session_id.isalnum():
            return
        folder: Sequence[str] = ["sessions", session_id]
        # The state goes first: without it there is no session.
        self._tree.unlink(folder, "state")
        for name, _ in self._tree.entries(*folder):
            self._tree.unlink(folder, name)
        self._tree.prune(folder, least=1)

    def tidy(self) -> None:
        """Drop what has expired."""
        for session_id, _ in self._tree.entries("sessions"):
            try:
                self.find(session_id)
            except SessionNotFound:
                self.drop(session_id)

    def _of(self, session_id: str, turn: str) -> Session:
        session = self.find(session_id)
        if session.turn != turn:
            raise TakenOver("a later request to this session took over")
        return session

    def _save(self, session_id: str, session: Session, *, create: bool = False) -> None:
        if not create and self._tree.read(["sessions", session_id], "state") is None:
            raise SessionNotFound("the upload session ended")
        self._tree.write(["sessions", session_id], "state", json.dumps(asdict(session)).encode())

    def _append(self, draft: Draft, session_id: str, name: str) -> None:
        try:
            with self._tree.directory("sessions", session_id) as directory:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        except FileNotFoundError as error:
            raise SessionNotFound("the upload session ended") from error
        with os.fdopen(descriptor, "rb") as file:
            while data := file.read(_COPY_BYTES):
                draft.write(data)
