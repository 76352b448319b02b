"""Bytes on the wire: an event's frame and its HTTP chunk, encoded once for all who receive it."""

from dataclasses import dataclass
from typing import Self

from jobs.eventid import EventId
from jobs.eventlog import Entry

COMMENT = b": \n\n"


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def id_block(id: EventId) -> bytes:
    """A block that tells no event, only the id to resume from (HTML, section 9.2.6)."""
    return b"id: %b\n\n" % str(id).encode()


@dataclass(frozen=True, slots=True)
class Frame:
    """One event, ready to be written: `plain` for HTTP/1.0, `chunked` for HTTP/1.1."""

    id: EventId
    job_id: str
    is_terminal: bool
    plain: bytes
    chunked: bytes

    @classmethod
    def of(cls, entry: Entry) -> Self | None:
        """Encode an entry of the log; None for a mark that tells nothing."""
        if not entry.frame:
            return None
        plain = b"id: %b\n%b" % (str(entry.id).encode(), entry.frame)
        return cls(entry.id, entry.job_id, entry.is_terminal, plain, chunk(plain))
