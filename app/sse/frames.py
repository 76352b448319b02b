"""Bytes on the wire: the events of one moment, encoded once for all who receive them."""

from collections.abc import Sequence

from jobs.eventlog import Entry

COMMENT = b": \n\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Batch:
    """Events of one channel and one epoch that were heard in one turn of the loop, in their order.

    `plain` is what an HTTP/1.0 client gets, `chunked` one chunk for HTTP/1.1.
    """

    __slots__ = ("chunked", "entries", "first", "last", "plain")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.first = entries[0].id
        self.last = entries[-1].id
        self.plain = entries[0].frame if len(entries) == 1 else b"".join([entry.frame for entry in entries])
        self.chunked = chunk(self.plain)
