"""Bytes on the wire: the events of one moment, encoded once for all who receive them."""

from collections.abc import Sequence
from itertools import groupby

from jobs.eventlog import Entry, id_of, parse_published, published_frame

COMMENT = b": \n\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Batch:
    """Events of one channel and one epoch that were heard in one turn of the loop, in their order.

    `first` and `last` are their ids, `plain` is what an HTTP/1.0 client gets, `chunked` one chunk for HTTP/1.1.
    Most batches are one event that goes to whoever listens: nothing else of it is looked at unless somebody asks.
    """

    __slots__ = ("_entries", "_payloads", "chunked", "first", "last", "plain")

    def __init__(self, payloads: Sequence[bytes]) -> None:
        """Of what was published, as it came."""
        self._payloads = payloads
        self._entries: Sequence[Entry] | None = None
        if len(payloads) == 1:
            self.plain = plain = published_frame(payloads[0])
            self.first = self.last = id_of(plain)
        else:
            frames = [published_frame(payload) for payload in payloads]
            self.plain = plain = b"".join(frames)
            self.first, self.last = id_of(frames[0]), id_of(frames[-1])
        self.chunked = chunk(plain)

    def __len__(self) -> int:
        return len(self._payloads)

    @property
    def entries(self) -> Sequence[Entry]:
        """The events one by one."""
        if self._entries is None:
            self._entries = [parse_published(payload) for payload in self._payloads]
        return self._entries

    def by_epoch(self) -> "Sequence[Batch]":
        """Itself, or what is of one epoch each where the log was replaced meanwhile."""
        if self.first.epoch == self.last.epoch:
            return (self,)
        epochs = groupby(zip(self.entries, self._payloads, strict=True), lambda pair: pair[0].id.epoch)
        return [Batch([payload for _, payload in pairs]) for _, pairs in epochs]
