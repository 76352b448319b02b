"""GIF files block by block (GIF89a): keeps the screen, the frames and the loop, drops all other extensions."""

from collections.abc import Iterator

from actors.processing.bounds import Bounds
from actors.processing.parts import counted
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
CONTROL, APPLICATION = 0xF9, 0xFF
LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


def strip_gif(data: bytes, bounds: Bounds, *, keep_metadata: bool = False) -> Stripped:
    """Keep what is part of the animation, up to the trailer. One frame too many ends the reading."""
    at = 13 + _table(data, 10)
    parts, control, frames = [data[:at]], b"", 0
    for begin, end in counted(_blocks(data, at)):
        block = data[begin:end]
        if block[0] == IMAGE:
            parts += (control, block)
            control, frames = b"", frames + 1
            _check_frame(data, begin, frames, bounds)
        elif block[1] == CONTROL:
            control = block
        else:
            parts.append(block if keep_metadata else _loop(block))
    return Stripped(b"".join([*parts, bytes([TRAILER])]))


def _blocks(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Where each image and extension from `at` on begins and ends, up to the trailer."""
    while (kind := _byte(data, at)) != TRAILER:
        begin = at
        if kind not in {IMAGE, EXTENSION}:
            raise Refused("undecodable")
        at = _sub_blocks(data, at + 10 + _table(data, at + 9) + 1 if kind == IMAGE else at + 2)
        yield begin, at


def _table(data: bytes, flags: int) -> int:
    """Bytes of the colour table that the packed fields at `flags` announce (§18, §20)."""
    packed = _byte(data, flags)
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> int:
    """Where the chain of sub-blocks ends that begins at `at` (§15, §16)."""
    while size := _byte(data, at):
        at += size + 1
    return at + 1


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise Refused("truncated")
    return data[at]


def _check_frame(data: bytes, at: int, frames: int, bounds: Bounds) -> None:
    """Refuse a frame too many, and one that reaches beyond the screen so far that the canvas would exceed its bound."""
    if frames > bounds.frames:
        raise Refused("too_many_frames")
    left, top, width, height = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (1, 3, 5, 7))
    screen = (int.from_bytes(data[n : n + 2], "little") for n in (6, 8))
    across, down = (max(pair) for pair in zip(screen, (left + width, top + height), strict=True))
    if across * down > bounds.image_pixels:
        raise Refused("too_many_pixels")


def _loop(block: bytes) -> bytes:
    """The extension if it says how often to repeat, without whatever else it carries; nothing for any other."""
    if block[1] != APPLICATION or not block[2:].startswith(LOOPS) or block[14:16] != b"\x03\x01":
        return b""
    return block[:18] + b"\0"
