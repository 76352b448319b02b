"""The protocol of resumable upload sessions, Google's, as values and decisions; the bytes are kept elsewhere.

Source: cloud.google.com/storage/docs/performing-resumable-uploads.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass

from storage.content_range import ChunkRefused, Query, Span, parse_content_range
from storage.signing import AlreadyUploaded, TooFewBytes, TooManyBytes
from storage.store import RESUMABLE_GRANULE_BYTES


class LengthMismatch(ChunkRefused):
    """Content-Length and Content-Range contradict each other."""


class ChunkMisaligned(ChunkRefused):
    """A chunk that is not the last one ends elsewhere than at a multiple of 256 KiB."""


class ChunkOutOfPlace(ChunkRefused):
    """The chunk begins behind the committed bytes, so that some are missing."""


class TotalChanged(ChunkRefused):
    """The total is another than the one that was declared before, or less than what is committed."""


class TypeChanged(ChunkRefused):
    """The content type is not the session's."""


@dataclass(frozen=True, slots=True)
class PutHeaders:
    """What a PUT to a session says of its body; None for a header that is not there. `length` is in bytes."""

    content_range: str | None = None
    length: int | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class SessionState:
    """What was agreed for a session and how far it is; sizes in bytes, bounds inclusive.

    `committed` bytes from the beginning will not be asked for again. `total` is None until a client declared it.
    `etag` is the object's, and None until there is one.
    """

    content_type: str
    min_bytes: int
    max_bytes: int
    committed: int = 0
    total: int | None = None
    etag: str | None = None

    @property
    def is_complete(self) -> bool:
        return self.etag is not None

    @property
    def range(self) -> str | None:
        """The value of the Range header that goes with 308; None, for no header, before the first committed byte."""
        return f"bytes=0-{self.committed - 1}" if self.committed else None


@dataclass(frozen=True, slots=True)
class Receive:
    """The decision to take a body in: it starts at `start`, and ends from `least` to `most` (exclusive offsets).

    `total` is what is declared from now on. With `is_last` the object is whole when the body has ended well.
    """

    start: int
    least: int
    most: int
    committed: int
    total: int | None
    is_last: bool

    async def admit(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Pass on what is not committed yet, in parts of which none goes across a multiple of 256 KiB.

        Raises `TooManyBytes` before the chunk that would pass the end, and `TooFewBytes` at the end.
        """
        at = self.start
        async for chunk in chunks:
            if at + len(chunk) > self.most:
                raise TooManyBytes("more bytes than announced or than the session takes")
            fresh = chunk[max(self.committed - at, 0) :]
            at += len(chunk)
            for part in _cut(fresh, at - len(fresh)):
                yield part
        if at < self.least:
            raise TooFewBytes("fewer bytes than announced or than the session takes")


def decide(state: SessionState, put: PutHeaders) -> Receive | None:
    """Say what to do about a PUT; None: nothing but to tell how far the session is.

    Nothing of a request that is refused counts, a newly declared total included. Raises `ChunkRefused`,
    `TooManyBytes`, `TooFewBytes`, and `AlreadyUploaded` for a body without Content-Range after completion.
    """
    asked = None if put.content_range is None else parse_content_range(put.content_range)
    if isinstance(asked, Query):
        return _of_query(state, asked, put.length)
    if put.content_type is not None and put.content_type.strip().lower() != state.content_type.lower():
        raise TypeChanged("the content type is not the one that the session was made for")
    return _of_whole(state, put.length) if asked is None else _of_span(state, asked, put.length)


def _of_query(state: SessionState, query: Query, length: int | None) -> Receive | None:
    """A client that learned the total behind its last chunk says it so: then nothing is missing any more."""
    if length:
        raise LengthMismatch("a status query has no body")
    total = _agreed(state, query.total)
    if state.is_complete or total != state.committed:
        return None
    return Receive(total, total, total, total, total, is_last=True)


def _of_span(state: SessionState, span: Span, length: int | None) -> Receive:
    if length is not None and length != span.stop - span.start:
        raise LengthMismatch("Content-Length is not what Content-Range says")
    total = _agreed(state, span.total)
    if total is None and span.stop > state.max_bytes:
        raise TooManyBytes(f"more than {state.max_bytes} bytes")
    if total is not None and span.stop > total:
        raise TotalChanged("the chunk ends behind the total that was declared")
    if span.stop != total and span.stop % RESUMABLE_GRANULE_BYTES:
        raise ChunkMisaligned("every chunk but the last must end at a multiple of 262144 bytes")
    if span.start > state.committed:
        raise ChunkOutOfPlace(f"the next byte is {state.committed}")
    return Receive(span.start, span.stop, span.stop, state.committed, total, is_last=span.stop == total)


def _of_whole(state: SessionState, length: int | None) -> Receive:
    if state.is_complete:
        raise AlreadyUploaded("the session has made its object")
    total = _agreed(state, length)
    if total is None:
        least = max(state.min_bytes, state.committed)
        return Receive(0, least, state.max_bytes, state.committed, None, is_last=True)
    return Receive(0, total, total, state.committed, total, is_last=True)


def _agreed(state: SessionState, total: int | None) -> int | None:
    """Give the total that holds if this one is declared."""
    if total is None:
        return state.total
    if total > state.max_bytes:
        raise TooManyBytes(f"more than {state.max_bytes} bytes")
    if total < state.min_bytes:
        raise TooFewBytes(f"fewer than {state.min_bytes} bytes")
    if state.total not in {None, total} or total < state.committed:
        raise TotalChanged("another total was declared, or more is committed")
    return total


def _cut(data: bytes, offset: int) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        room = RESUMABLE_GRANULE_BYTES - (offset + at) % RESUMABLE_GRANULE_BYTES
        yield data[at : at + room]
        at += room
