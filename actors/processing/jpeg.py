"""JPEG files segment by segment: keeps what decodes to the picture and its colours, drops the rest, loses no pixel."""

import re
import struct
from collections.abc import Iterator

from actors.processing.exif import orientation_of
from actors.processing.parts import counted
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped

MAX_SCANS = 100  # a progressive file has about ten; each costs a pass over the whole picture, however short it is

SOI, EOI, SOS, COM = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RSTn, SOI: no length follows
# SOFn, DHT, DAC, SOS, DQT, DNL, DRI; not DHP, EXP and JPG, which no browser decodes (ITU-T T.81 table B.1)
PICTURE = frozenset({*range(0xC0, 0xDE)} - STANDALONE - {0xC8, EOI})

MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)  # stuffed zeros and restarts belong to the scan


def strip_jpeg(data: bytes, *, keep_metadata: bool = False) -> Stripped:
    """Keep frame, tables, scans, JFIF without its thumbnail, ICC profile and Adobe's colour transform (T.81 annex B).

    Ends at the first EOI, so that further pictures of a multi-picture file go, as anything else behind it.
    """
    parts, orientation = [b"\xff\xd8"], 0
    for code, payload, scan in counted(_segments(data)):
        if code == APP1 and payload.startswith(b"Exif\0\0"):
            orientation = orientation or orientation_of(payload)
        parts += (*_kept(code, payload, keep_metadata=keep_metadata), scan)
    return Stripped(b"".join([*parts, b"\xff\xd9"]), orientation or 1)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The marker of each segment up to EOI, its payload, and the scan behind it if it begins one."""
    at, scans = 2, 0
    while (marker := MARKER.search(data, at)) and (code := marker[1][0]) != EOI:
        at, payload = marker.end(), b""
        if code not in STANDALONE:
            payload, at = _payload(data, at)
        begin = at
        if code == SOS:
            scans += 1
            at = _end_of_scan(data, at, scans)
        yield code, payload, data[begin:at]
    if not marker:
        raise Refused("truncated")


def _payload(data: bytes, at: int) -> tuple[bytes, int]:
    """What follows the two bytes of length at `at`, and where it ends."""
    length = int.from_bytes(data[at : at + 2], "big")
    if at + max(length, 2) > len(data):
        raise Refused("truncated")
    if length < 2:  # noqa: PLR2004  # the length counts itself
        raise Refused("undecodable")
    return data[at + 2 : at + length], at + length


def _end_of_scan(data: bytes, at: int, scans: int) -> int:
    if scans > MAX_SCANS:
        raise Refused("too_many_scans")
    found = AFTER_SCAN.search(data, at)
    if not found:
        raise Refused("truncated")
    return found.start()


def _kept(code: int, payload: bytes, *, keep_metadata: bool) -> list[bytes]:
    if code in PICTURE:
        return [_segment(code, payload)]
    if code == APP0 and payload.startswith(b"JFIF\0") and not keep_metadata:
        return [_segment(code, payload[:12] + b"\0\0")]  # a thumbnail of no width and no height (JFIF 1.02)
    if code == APP2 and payload.startswith(b"MPF\0"):
        return []  # the index of pictures that are cut off (CIPA DC-007)
    if (code == APP2 and payload.startswith(b"ICC_PROFILE\0")) or keep_metadata:
        return [_segment(code, payload)] if APP0 <= code <= APP15 or code == COM else []
    if code == APP14 and payload.startswith(b"Adobe"):
        return [_segment(code, payload[:12])]
    return []


def _segment(code: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload
