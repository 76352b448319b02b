"""The box structure of ISO base media files (ISO/IEC 14496-12 §4.2), which AVIF, MP4 and QuickTime share."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from actors.processing.parts import counted
from actors.processing.refusal import Refused

Data = bytes | bytearray

HEADER_BYTES = 16


@dataclass(frozen=True, slots=True)
class Box:
    """A box by its positions: it begins at `start`, its contents at `body`, and ends before `end`."""

    kind: bytes
    start: int
    body: int
    end: int


def box_at(header: Data, start: int, limit: int) -> Box:
    """The box at `start` whose first `HEADER_BYTES` (or all of it) are `header`, in surroundings that end at `limit`.

    Refuses one that reaches beyond `limit`, as "truncated", or ends in its own header.
    """
    if len(header) < 8:  # noqa: PLR2004  # size and type
        raise Refused("truncated")
    size, kind = struct.unpack_from(">I4s", header)
    body = start + 8
    if size == 1:
        if len(header) < HEADER_BYTES:
            raise Refused("truncated")
        [size] = struct.unpack_from(">Q", header, 8)
        body = start + 16
    end = start + size if size else limit  # 0: to the end of the file
    if end < body:
        raise Refused("undecodable")
    if end > limit:
        raise Refused("truncated")
    return Box(kind, start, body, end)


def boxes(data: Data, start: int, end: int) -> Iterator[Box]:
    """The boxes that follow each other from `start` to `end`. Refuses too many."""
    yield from counted(_boxes(data, start, end))


def _boxes(data: Data, start: int, end: int) -> Iterator[Box]:
    while start < end:
        box = box_at(data[start : min(start + HEADER_BYTES, end)], start, end)
        yield box
        start = box.end


def children(data: Data, box: Box, *path: bytes) -> Iterator[Box]:
    """The boxes of the type that `path` ends with, inside `box` by way of the types before it."""
    for child in boxes(data, box.body, box.end):
        if child.kind == path[0]:
            if len(path) == 1:
                yield child
            else:
                yield from children(data, child, *path[1:])


class Fields:
    """Big-endian numbers read one after the other from `at` on, refused beyond `end`."""

    def __init__(self, data: Data, at: int, end: int) -> None:
        self.at = at
        self._data = data
        self._end = end

    def take(self, size: int) -> int:
        """The next number, of `size` bytes; 0 for a size of 0."""
        if self.at + size > self._end:
            raise Refused("undecodable")
        self.at += size
        return int.from_bytes(self._data[self.at - size : self.at], "big")
