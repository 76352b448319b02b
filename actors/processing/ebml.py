"""The little of EBML (RFC 8794) that tells WebM from other Matroska, and a whole file from the beginning of one."""

from pathlib import Path

from actors.processing.refusal import Refused

DOCTYPE = b"\x42\x82"
SEGMENT = b"\x18\x53\x80\x67"
HEAD_BYTES = 4096


def doctype(head: bytes) -> bytes | None:
    """The DocType element of the EBML header that begins `head` (RFC 8794 §11.2), or None where there is none."""
    size, at = _number(head, 4)
    if size is None or at + size > len(head):
        return None
    end = at + size
    while at < end:
        name = head[at : at + _length(head, at)]
        size, at = _number(head, at + len(name))
        if not name or size is None or at + size > end:
            return None
        if name == DOCTYPE:
            return head[at : at + size].rstrip(b"\0")
        at += size
    return None


def check_segment(file: Path) -> None:
    """Refuse a file that ends before its Segment does. One of unknown size, as browsers record them, has no end."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    size, at = _number(head, 4)
    at += size or 0
    while head[at : at + 1] == b"\xec":  # Void elements may stand between (RFC 8794 §11.3.2)
        size, at = _number(head, at + 1)
        at += size or 0
    if head[at : at + 4] != SEGMENT:
        raise Refused("undecodable")
    size, at = _number(head, at + 4)
    if size is not None and at + size > file.stat().st_size:
        raise Refused("truncated")


def _number(data: bytes, at: int) -> tuple[int | None, int]:
    """A variable-size integer (RFC 8794 §4) and where it ends; None for "unknown" and for what is no integer."""
    length = _length(data, at)
    digits = data[at : at + length]
    if not digits or len(digits) < length:
        return None, at
    value = int.from_bytes(digits, "big") & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def _length(data: bytes, at: int) -> int:
    """How many bytes the integer takes that begins at `at`: its leading zeros tell; 0 for what is none."""
    first = data[at] if at < len(data) else 0
    return 9 - first.bit_length() if first else 0
