"""What an MP4 or QuickTime file claims, read before FFmpeg believes it: whole boxes, few enough frames."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from actors.processing.bounds import Bounds
from actors.processing.boxes import HEADER_BYTES, Box, box_at, boxes, children
from actors.processing.parts import counted
from actors.processing.refusal import Refused

MAX_INDEX_BYTES = 64 << 20  # half a million frames with all tables that there are take about 30 MiB
SOUND_PER_PICTURE = 4  # the shortest sound frames in use have 2.5 ms
MOVIE, FRAGMENT = b"moov", b"moof"
KNOWN = frozenset({b"ftyp", b"free", b"skip", b"wide", b"mdat", MOVIE, FRAGMENT, b"mfra", b"sidx", b"styp", b"uuid"})


def check_movie(file: Path, bounds: Bounds, *, whole: bool) -> None:
    """Refuse a file that ends within a box, has no index, or claims more frames than `bounds` allows.

    With `whole` nothing else may follow the boxes; otherwise that is left to who drops it.
    """
    with file.open("rb") as opened:
        found = set()
        fragments = 0
        # At most a fragment of index and data for each frame.
        for box in counted(_top_level(opened, file.stat().st_size, whole=whole), 2 * bounds.video_frames):
            found.add(box.kind)
            if box.kind in {MOVIE, FRAGMENT}:
                fragments += _check_index(_read(opened, box), bounds)
                if fragments > bounds.video_frames * (1 + SOUND_PER_PICTURE):
                    raise Refused("too_many_frames")
    if MOVIE not in found or b"mdat" not in found:
        raise Refused("truncated")  # a recording that broke off has no index, or nothing behind it


def _top_level(opened: BinaryIO, size: int, *, whole: bool) -> Iterator[Box]:
    start, complete = 0, set[bytes]()
    while start < size:
        opened.seek(start)
        header = opened.read(HEADER_BYTES)
        try:
            box = box_at(header, start, size)
        except Refused:
            if whole or header[4:8] in KNOWN or not complete >= {MOVIE, b"mdat"}:
                raise
            return  # what follows a whole movie and is no box is not part of it
        yield box
        complete.add(box.kind)
        start = box.end


def _read(opened: BinaryIO, box: Box) -> bytes:
    if box.end - box.body > MAX_INDEX_BYTES:
        raise Refused("too_many_frames")
    opened.seek(box.body)
    return opened.read(box.end - box.body)


def _check_index(index: bytes, bounds: Bounds) -> int:
    """Check each track of a `moov`, and count the frames that the runs of a `moof` claim (§8.8.8)."""
    whole = Box(MOVIE, 0, 0, len(index))
    for track in children(index, whole, b"trak"):
        _check_track(index, track, bounds)
    runs = children(index, whole, b"traf", b"trun")
    return sum(_number(index, run.body + 4, run.end) for run in runs)


def _check_track(index: bytes, track: Box, bounds: Bounds) -> None:
    is_picture = any(index[h.body + 8 : h.body + 12] == b"vide" for h in children(index, track, b"mdia", b"hdlr"))
    most = bounds.video_frames * (1 if is_picture else SOUND_PER_PICTURE)
    for table in children(index, track, b"mdia", b"minf", b"stbl"):
        for box in boxes(index, table.body, table.end):
            if box.kind in CLAIMS and CLAIMS[box.kind](index, box, is_picture) > most:
                raise Refused("too_many_frames")


def _samples(index: bytes, box: Box, is_picture: bool) -> int:  # noqa: FBT001  # as the others in CLAIMS
    """`sample_count` (§8.7.3). Uncompressed sound has one size for all its millions of samples, and no table."""
    uniform = box.kind == b"stsz" and _number(index, box.body + 4, box.end)
    return 0 if uniform and not is_picture else _number(index, box.body + 8, box.end)


def _runs(index: bytes, box: Box, is_picture: bool) -> int:  # noqa: FBT001  # as the others in CLAIMS
    """The sum of `sample_count` over a table of run lengths (§8.6.1)."""
    entries = _number(index, box.body + 4, box.end)
    table = index[box.body + 8 : min(box.end, box.body + 8 + 8 * entries)]
    if len(table) < 8 * entries:
        raise Refused("undecodable")
    total = sum(count for count, _ in struct.iter_unpack(">II", table))
    return total if is_picture or entries > 1 else 0


def _chunks(index: bytes, box: Box, _is_picture: bool) -> int:  # noqa: FBT001
    """`entry_count` (§8.7.5): no chunk is without a sample."""
    return _number(index, box.body + 4, box.end)


def _samples_of_chunks(index: bytes, box: Box, _is_picture: bool) -> int:  # noqa: FBT001
    """The most `samples_per_chunk` of a table (§8.7.4), or how many entries it claims."""
    entries = _number(index, box.body + 4, box.end)
    whole = (box.end - box.body - 8) // 12 * 12
    table = struct.iter_unpack(">III", index[box.body + 8 : box.body + 8 + whole])
    samples: Iterator[int] = (each for _, each, _ in table)
    return max(entries, max(samples, default=0))


CLAIMS = {
    b"stsz": _samples,
    b"stz2": _samples,
    b"stts": _runs,
    b"ctts": _runs,
    b"stsc": _samples_of_chunks,
    b"stco": _chunks,
    b"co64": _chunks,
}


def _number(index: bytes, at: int, end: int) -> int:
    if at + 4 > end:
        raise Refused("undecodable")
    return int.from_bytes(index[at : at + 4], "big")
