"""WebP files chunk by chunk (RFC 9649): keeps picture, alpha, animation and ICC profile, drops the rest."""

import struct
from collections.abc import Iterator

from actors.processing.bounds import Bounds
from actors.processing.exif import orientation_of
from actors.processing.parts import counted
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped

PICTURE = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
HAS_XMP, HAS_EXIF = 0x04, 0x08  # RFC 9649 §2.7.1
FRAME_HEADER_BYTES = 16


def strip_webp(data: bytes, bounds: Bounds, *, keep_metadata: bool = False) -> Stripped:
    """Keep the chunks that make the picture; with `keep_metadata` all, but nothing behind the end of the RIFF."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise Refused("truncated")
    parts, orientation, frames = [], 1, 0
    for kind, body in counted(_chunks(data, 12, end)):
        frames += kind == b"ANMF"
        if frames > bounds.frames:
            raise Refused("too_many_frames")
        if kind == b"EXIF":
            orientation = orientation_of(body)
        if keep_metadata:
            parts.append(_chunk(kind, body))
        elif kind in PICTURE:
            parts.append(_chunk(kind, _cleaned(kind, body)))
    riff = b"WEBP" + b"".join(parts)
    return Stripped(b"RIFF" + struct.pack("<I", len(riff)) + riff, orientation)


def is_lossless(data: bytes) -> bool:
    """Whether the still picture in a WebP file was coded without loss."""
    return any(kind == b"VP8L" for kind, _ in _chunks(data, 12, len(data)))


def _chunks(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk (§2.3); a missing pad byte at the very end is forgiven, as decoders do."""
    while at < end:
        if at + 8 > end:
            raise Refused("truncated")
        kind, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > end:
            raise Refused("truncated")
        yield kind, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _cleaned(kind: bytes, body: bytes) -> bytes:
    if kind == b"VP8X":
        return bytes([body[0] & ~(HAS_XMP | HAS_EXIF)]) + body[1:] if body else body
    if kind == b"ANMF":  # a frame's own chunks may hold unknown ones, too (§2.7.1.4)
        inner = _chunks(body, FRAME_HEADER_BYTES, len(body))
        return body[:FRAME_HEADER_BYTES] + b"".join(_chunk(*chunk) for chunk in inner if chunk[0] in PICTURE)
    return body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
