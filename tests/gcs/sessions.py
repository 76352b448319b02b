"""The upload sessions of the fake: written from the protocol's description alone, with nothing of the service's own.

Source: cloud.google.com/storage/docs/performing-resumable-uploads, …/resumable-uploads.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.gcs.bucket import Bucket, Refusal, Stored

GRANULE = 256 * 1024
LIFE = timedelta(days=7)

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(?:(\d+)|\*)")


@dataclass
class Session:
    """One session: what was fixed at its beginning, and how far it is. `origin` is the page's that CORS is tied to."""

    name: str
    content_type: str | None
    if_generation: int | None
    least: int
    most: int
    origin: str | None
    expires_at: datetime
    committed: bytearray = field(default_factory=bytearray)
    total: int | None = None
    made: Stored | None = None

    @property
    def range(self) -> str | None:
        return f"bytes=0-{len(self.committed) - 1}" if self.committed else None


class Sessions:
    """The open sessions by their id, and those that have made their object."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return sum(session.made is None for session in self._sessions.values())

    def start(
        self,
        name: str,
        content_type: str | None,
        *,
        if_generation: int | None,
        bounds: tuple[int, int] | None = None,
        origin: str | None = None,
    ) -> str:
        """Open a session; its id."""
        least, most = bounds or (0, 5 * 2**40)
        key = secrets.token_urlsafe(24)
        expires_at = self._bucket.clock() + LIFE
        self._sessions[key] = Session(name, content_type, if_generation, least, most, origin, expires_at)
        return key

    def find(self, key: str) -> Session:
        session = self._sessions.get(key)
        if session is None or self._bucket.clock() >= session.expires_at:
            raise Refusal(404, "There is no such upload.")
        return session

    def cancel(self, key: str) -> None:
        if self.find(key).made is not None:
            raise Refusal(404, "The upload is complete.")
        del self._sessions[key]

    def take(self, session: Session, content_range: str | None, data: bytes | bytearray, *, is_whole: bool) -> None:
        """Take in a request's body; not `is_whole` where the connection broke in it."""
        first, stop, total = _read(content_range, len(data) if is_whole else None)
        self._check(session, first, stop, total, len(data) if is_whole else None)
        if session.made is not None:
            if data:
                raise Refusal(400, "The upload is complete.")
            return
        if is_whole:
            session.total = session.total if total is None else total
        fresh = bytes(data[max(len(session.committed) - (first or 0), 0) :])
        if not is_whole:
            # What is not a whole granule is lost with the connection.
            fresh = fresh[: (len(session.committed) + len(fresh)) // GRANULE * GRANULE - len(session.committed)]
        session.committed += fresh
        if is_whole and len(session.committed) == session.total:
            session.made = self._bucket.put(
                session.name, session.committed, session.content_type, session.if_generation
            )

    def _check(
        self, session: Session, first: int | None, stop: int | None, total: int | None, length: int | None
    ) -> None:
        committed = len(session.committed)
        if total is not None and not (session.least <= total <= session.most):
            raise Refusal(400, "EntityTooLarge" if total > session.most else "EntityTooSmall")
        if total is not None and session.total not in {None, total}:
            raise Refusal(400, "The total is another than was declared.")
        if total is not None and total < committed:
            raise Refusal(400, "The total is less than what is committed.")
        if first is None or stop is None:
            if length:
                raise Refusal(400, "A status query has no body.")
            return
        known = session.total if total is None else total
        if length is not None and length != stop - first:
            raise Refusal(400, "Content-Length does not fit Content-Range.")
        if stop > (session.most if known is None else known):
            raise Refusal(400, "EntityTooLarge")
        if first > committed:
            raise Refusal(400, f"The upload offset {first} exceeds the already uploaded size of {committed}.")
        if stop != known and (stop - first) % GRANULE:
            raise Refusal(400, "A chunk but the last has to be a multiple of 262144 bytes.")


def _read(header: str | None, length: int | None) -> tuple[int | None, int | None, int | None]:
    """First byte, end (exclusive) and total of `Content-Range`; without it the body is everything."""
    if header is None:
        return 0, length, length
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        raise Refusal(400, "Failed to parse Content-Range header.")
    first, last, total = (None if group is None else int(group) for group in match.groups())
    if first is None or last is None:
        return None, None, total
    if last < first or (total is not None and last >= total):
        raise Refusal(400, "Content-Range contradicts itself.")
    return first, last + 1, total
