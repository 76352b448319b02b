"""AVIF files box by box (ISO/IEC 23008-12, AV1 Image File Format 1.2): blanks metadata in place, loses no pixel.

Positions inside the file are absolute, so nothing moves: what has to go becomes a `free` box of zeros. Encoding such a
picture anew would cost a minute of processor time, gigabytes, and quality.
"""

from collections.abc import Iterator

from actors.processing.boxes import Box, Fields, boxes, children
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped

TOP_LEVEL = frozenset({b"ftyp", b"meta", b"moov", b"mdat"})
META = frozenset({b"hdlr", b"dinf", b"pitm", b"iinf", b"iloc", b"iref", b"iprp", b"idat", b"grpl"})
MOVIE = frozenset({b"mvhd", b"trak", b"mvex"})
TRACK = frozenset({b"tkhd", b"tref", b"edts", b"mdia", b"trgr"})
METADATA_ITEMS = frozenset({b"Exif", b"mime", b"uri "})  # `mime` is how XMP comes (23008-12 annex A.3)
IN_FILE, IN_IDAT = 0, 1


def strip_avif(data: bytes, *, keep_metadata: bool = False) -> Stripped:
    """Blank Exif, XMP, times and unknown boxes; with `keep_metadata` only drop what follows the last box.

    The picture's rotation (`irot`, `imir`) is a property of it, not Exif, and stays.
    """
    parts = _top_level(data)
    if keep_metadata:
        return Stripped(data[: parts[-1].end])
    copy = bytearray(data[: parts[-1].end])
    for box in _blank_all_but(TOP_LEVEL, copy, iter(parts)):
        if box.kind == b"meta":
            _clean_meta(copy, box)
        elif box.kind == b"moov":
            _clean_movie(copy, box)
    return Stripped(bytes(copy))


def _top_level(data: bytes) -> list[Box]:
    """The boxes of the file, without what follows a whole picture and is none."""
    found: list[Box] = []
    try:
        for box in boxes(data, 0, len(data)):
            found.append(box)  # noqa: PERF402  # what came before a failure is wanted
    except Refused:
        end = found[-1].end if found else 0
        if data[end + 4 : end + 8] in TOP_LEVEL or not {box.kind for box in found} >= {b"meta", b"mdat"}:
            raise
    return found


def _blank_all_but(kept: frozenset[bytes], data: bytearray, parts: Iterator[Box]) -> Iterator[Box]:
    """Yield the boxes that stay, having made the others `free`."""
    for box in parts:
        if box.kind in kept:
            yield box
        else:
            data[box.start + 4 : box.start + 8] = b"free"
            _blank(data, box.body, box.end)


def _clean_movie(data: bytearray, movie: Box) -> None:
    """An image sequence's movie: no times of creation (14496-12 §8.2.2), no metadata of movie or track."""
    for box in _blank_all_but(MOVIE | {b"meta"}, data, boxes(data, movie.body, movie.end)):
        if box.kind == b"mvhd":
            _blank_times(data, box)
        elif box.kind == b"meta":
            _clean_meta(data, box)
        elif box.kind == b"trak":
            _clean_track(data, box)


def _clean_track(data: bytearray, track: Box) -> None:
    for box in _blank_all_but(TRACK | {b"meta"}, data, boxes(data, track.body, track.end)):
        if box.kind == b"tkhd":
            _blank_times(data, box)
        elif box.kind == b"meta":
            _clean_meta(data, box)
        elif box.kind == b"mdia":
            for header in children(data, box, b"mdhd"):
                _blank_times(data, header)


def _clean_meta(data: bytearray, meta: Box) -> None:
    """Blank the items that are metadata, rename them to a type that readers skip, and blank unknown boxes."""
    parts = list(_blank_all_but(META, data, boxes(data, meta.body + 4, meta.end)))
    identifiers = {number for box in parts if box.kind == b"iinf" for number in _metadata_items(data, box)}
    source = next((box for box in parts if box.kind == b"idat"), None)
    for box in parts:
        if box.kind == b"iloc":
            _blank_items(data, box, identifiers, source)


def _metadata_items(data: bytearray, box: Box) -> Iterator[int]:
    """The numbers of the items that are metadata, which are renamed on the way (14496-12 §8.11.6)."""
    version = data[box.body]
    for entry in boxes(data, box.body + (8 if version else 6), box.end):
        fields = Fields(data, entry.body, entry.end)
        wide = fields.take(1) > 2  # noqa: PLR2004  # version 3 has numbers of four bytes
        fields.take(3)
        number = fields.take(4 if wide else 2)
        fields.take(2)
        kind = fields.at
        if bytes(data[kind : kind + 4]) in METADATA_ITEMS:
            data[kind : kind + 4] = b"free"
            _blank(data, kind + 4, entry.end)  # its name, and what kind of metadata it was
            yield number


def _blank_items(data: bytearray, box: Box, identifiers: set[int], source: Box | None) -> None:
    """Overwrite the bytes of these items, wherever the item location box says that they are (14496-12 §8.11.3)."""
    fields = Fields(data, box.body, box.end)
    version = fields.take(1)
    fields.take(3)
    sizes = fields.take(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = 4 if version > 1 else 2
    for _ in range(fields.take(wide)):
        number = fields.take(wide)
        method = fields.take(2) & 15 if version else IN_FILE
        fields.take(2)
        base = fields.take(base_size)
        for _ in range(fields.take(2)):
            fields.take(index_size)
            start, length = base + fields.take(offset_size), fields.take(length_size)
            if number in identifiers:
                _blank_extent(data, start, length, method, source)


def _blank_extent(data: bytearray, start: int, length: int, method: int, source: Box | None) -> None:
    if method == IN_IDAT and source:
        start += source.body
    elif method != IN_FILE:
        raise Refused("undecodable")
    if not length:  # "all there is": no encoder writes that for metadata
        raise Refused("undecodable")
    _blank(data, start, min(start + length, len(data)))


def _blank_times(data: bytearray, box: Box) -> None:
    """Creation and modification time follow version and flags, in eight bytes each from version 1 on."""
    start = box.body + 4
    _blank(data, start, min(start + (16 if data[box.body] else 8), box.end))


def _blank(data: bytearray, start: int, end: int) -> None:
    data[start:end] = bytes(max(0, end - start))
