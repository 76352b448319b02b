"""PNG files chunk by chunk: keeps what decodes to the picture, its colours and its animation; drops the rest."""

import struct
import zlib
from collections.abc import Iterator

from actors.processing.bounds import Bounds
from actors.processing.exif import orientation_of
from actors.processing.parts import counted
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped

SIGNATURE_BYTES = 8
MAX_INFLATED_BYTES = 4 << 20  # of one text or ICC profile; the largest RGB profiles in use have about 2 MiB
MAX_INFLATED_BYTES_TOGETHER = 2 * MAX_INFLATED_BYTES
STEP_BYTES = 1 << 20

CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
# PNG third edition, §11.3: colour, transparency, animation. Not tEXt zTXt iTXt tIME eXIf hIST sPLT, nor private ones.
ANCILLARY = frozenset(
    {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"}
    | {b"acTL", b"fcTL", b"fdAT"}
)
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
FULL = ((0, 0, 1, 1),)


def strip_png(data: bytes, bounds: Bounds, *, keep_metadata: bool = False) -> Stripped:
    """Keep the known chunks that make the picture, up to IEND; with `keep_metadata` every chunk. Checks every CRC kept.

    Refuses more frames than allowed, chunks that inflate beyond bounds, and picture data that is not the picture's.
    """
    parts, pixels, orientation, frames, inflated = [data[:SIGNATURE_BYTES]], [], 1, 0, 0
    for kind, start, end in counted(_chunks(data)):
        body = data[start:end]
        frames += kind == b"fcTL"
        if frames > bounds.frames:
            raise Refused("too_many_frames")
        inflated += _inflated_bytes(_packed(kind, body))
        if inflated > MAX_INFLATED_BYTES_TOGETHER:
            raise Refused("decompression_bomb")
        if kind == b"eXIf":
            orientation = orientation_of(body)
        if kind == b"IDAT":
            pixels.append(body)
        if kind in CRITICAL or kind in ANCILLARY or keep_metadata:
            _check_crc(kind, body, data[end : end + 4])
            parts.append(data[start - 8 : end + 4])
    _check_pixels(data[16:29], pixels, bounds)
    return Stripped(b"".join(parts), orientation)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, begin and end of the body of each chunk up to IEND (PNG §5.3)."""
    at, kind = SIGNATURE_BYTES, b""
    while kind != b"IEND":
        if at + 12 > len(data):
            raise Refused("truncated")
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise Refused("truncated")
        known = kind in CRITICAL or kind[0] & 0x20  # the case of its first letter says what must be understood (§5.4)
        if not known or (at == SIGNATURE_BYTES and (kind, length) != (b"IHDR", 13)):
            raise Refused("undecodable")
        yield kind, at + 8, at + 8 + length
        at += 12 + length


def _check_crc(kind: bytes, body: bytes, crc: bytes) -> None:
    if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(crc, "big"):
        raise Refused("undecodable")


def _inflated_bytes(packed: bytes) -> int:
    """How long a text or profile is unpacked. Refuses one that is small here and huge where somebody unpacks it."""
    try:
        inflated = zlib.decompressobj().decompress(packed, MAX_INFLATED_BYTES + 1)
    except zlib.error:  # nobody can unpack it at all
        return 0
    if len(inflated) > MAX_INFLATED_BYTES:
        raise Refused("decompression_bomb")
    return len(inflated)


def _packed(kind: bytes, body: bytes) -> bytes:
    """The zlib stream in a compressed text or profile (§11.3.3.3, §11.3.3.4, §11.3.2.3), which follows its name."""
    rest = body.partition(b"\0")[2]
    if kind in {b"zTXt", b"iCCP"}:
        return rest[1:]
    is_packed = kind == b"iTXt" and rest.startswith(b"\1")
    return rest[2:].split(b"\0", 2)[-1] if is_packed else b""


def _check_pixels(header: bytes, pixels: list[bytes], bounds: Bounds) -> None:
    """Refuse IDAT chunks that inflate to more or less than the header's picture takes (§7.3, §10)."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if width * height > bounds.image_pixels:
        raise Refused("too_many_pixels")
    expected = _raw_bytes(width, height, depth * CHANNELS.get(colour, 0), ADAM7 if interlaced else FULL)
    size = 0
    unpacking = zlib.decompressobj()
    for body in pixels:
        rest = body
        while rest and not unpacking.eof:
            size += len(unpacking.decompress(rest, STEP_BYTES))
            rest = unpacking.unconsumed_tail
            if size > expected + STEP_BYTES:  # a few bytes too many come from careless encoders
                raise Refused("decompression_bomb")
    size += len(unpacking.flush())
    if size < expected or not unpacking.eof:
        raise Refused("truncated")


def _raw_bytes(width: int, height: int, bits: int, passes: tuple[tuple[int, int, int, int], ...]) -> int:
    """Bytes of all filtered rows: of each pass, each row with its filter's byte; an empty pass has no rows (§8.1)."""
    total = 0
    for x, y, across, down in passes:
        columns, rows = -(-(width - x) // across), -(-(height - y) // down)
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return total
