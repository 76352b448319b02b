"""What a Range and an If-Range header ask for (RFC 9110, sections 14.2 and 13.1.5)."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime

from storage.store import RangeNotSatisfiable

_RANGE = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)")
_EXACT_DIGITS = 18  # a number of more digits is behind the end of any object, so its value does not matter
_FAR_BEHIND = 10**_EXACT_DIGITS


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Give the one byte range (start inclusive, stop exclusive) that the header selects out of `size` bytes.

    None means to answer with the whole: no header, malformed, another unit, several ranges (a server may
    ignore any Range header: RFC 9110, section 14.2), or the last bytes of an empty object, which no
    Content-Range can say. Raises `RangeNotSatisfiable` (416) for a valid range without a byte in the object.
    """
    spec = _single_spec(header or "")
    match = _RANGE.fullmatch(spec) if spec else None
    if match is None or spec == "-":
        return None
    first, last = match["first"], match["last"]
    if not first:
        return _suffix(last, size)
    if last and _magnitude(last) < _magnitude(first):
        return None
    start = _number(first)
    if start >= size:
        raise RangeNotSatisfiable("the range starts behind the end")
    return start, min(_number(last) + 1, size) if last else size


def if_range_matches(header: str | None, etag: str, last_modified: datetime) -> bool:
    """Say whether a Range header may be followed, given the If-Range header that came with it.

    Without the header it may. `etag` comes unquoted and is a strong one; a weak one in the header never
    matches. A date matches only as the very text that Last-Modified carries for `last_modified` (aware).
    """
    if header is None:
        return True
    sent = format_datetime(last_modified.astimezone(UTC), usegmt=True)
    return header.strip(" \t") in {f'"{etag}"', sent}


def _single_spec(header: str) -> str | None:
    """Give the only range of a `bytes` set; empty list members don't count (RFC 9110, section 5.6.1.2)."""
    unit, _, members = header.strip(" \t").partition("=")
    specs = [spec for member in members.split(",") if (spec := member.strip(" \t"))]
    return specs[0] if unit.lower() == "bytes" and len(specs) == 1 else None


def _suffix(length: str, size: int) -> tuple[int, int] | None:
    wanted = _number(length)
    if wanted == 0:
        raise RangeNotSatisfiable("the last 0 bytes are no range")
    return (max(size - wanted, 0), size) if size else None


def _number(digits: str) -> int:
    """Read digits of any count; `int` alone refuses more than some thousand of them."""
    count, significant = _magnitude(digits)
    return int(significant or "0") if count <= _EXACT_DIGITS else _FAR_BEHIND


def _magnitude(digits: str) -> tuple[int, str]:
    """Give what orders digit strings as their numbers are ordered."""
    significant = digits.lstrip("0")
    return len(significant), significant
