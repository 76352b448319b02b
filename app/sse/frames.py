"""Bytes on the wire: an event's frame, and the frames of one moment, encoded once for all who receive them."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from jobs.eventid import EventId
from jobs.eventlog import Entry

COMMENT = b": \n\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def id_block(id: EventId) -> bytes:
    """A block that tells no event, only the id to resume from (HTML, section 9.2.6)."""
    return b"id: %b\n\n" % str(id).encode()


class Frame(NamedTuple):
    """One event, ready to be written. A tuple, for one is made of each event that the process hears."""

    id: EventId
    job_id: str
    is_terminal: bool
    plain: bytes

    @classmethod
    def of(cls, entry: Entry) -> Self | None:
        """Encode an entry of the log; None for a mark that tells nothing."""
        if not entry.frame:
            return None
        return cls(entry.id, entry.job_id, entry.is_terminal, b"id: %b\n%b" % (str(entry.id).encode(), entry.frame))


class Batch:
    """Frames of one channel and one epoch that were heard in one turn of the loop, in their order.

    `plain` is what an HTTP/1.0 client gets, `chunked` one chunk for HTTP/1.1.
    """

    __slots__ = ("chunked", "first", "frames", "last", "plain")

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.first = frames[0].id
        self.last = frames[-1].id
        self.plain = frames[0].plain if len(frames) == 1 else b"".join([frame.plain for frame in frames])
        self.chunked = chunk(self.plain)
