"""What the Content-Range header of a PUT to an upload session says (RFC 9110, section 14.4, in Google's use of it)."""

import re
from dataclasses import dataclass

from storage.signing import TooManyBytes, UploadRefused

_FORM = re.compile(
    r"bytes[ \t]+(?:(?P<first>[0-9]+)-(?P<last>[0-9]+)|\*)/(?:(?P<total>[0-9]+)|\*)", re.ASCII | re.IGNORECASE
)
_MOST_DIGITS = 18  # more than any object has bytes; `int` alone would refuse some thousand digits in its own way


class ChunkRefused(UploadRefused):
    """The request does not fit the session, which stays as it was."""


class ContentRangeMalformed(ChunkRefused):
    """The Content-Range header has none of the forms that a session takes, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Span:
    """The body is the bytes from `start` to `stop` (exclusive, behind `start`); `total` is None while unknown."""

    start: int
    stop: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """There is no body: the client asks how far the session is, and may say how many bytes there are in all."""

    total: int | None


def parse_content_range(header: str) -> Span | Query:
    """Read `bytes first-last/total`, where either side may be `*`.

    Raises `ContentRangeMalformed`, and `TooManyBytes` for a number that is beyond every bound.
    """
    match = _FORM.fullmatch(header.strip(" \t"))
    if match is None:
        raise ContentRangeMalformed("Content-Range is not `bytes FIRST-LAST/TOTAL`, each side of which may be `*`")
    total = None if match["total"] is None else _number(match["total"])
    if match["first"] is None:
        return Query(total)
    start, stop = _number(match["first"]), _number(match["last"]) + 1
    if start >= stop or (total is not None and stop > total):
        raise ContentRangeMalformed("Content-Range ends before it begins, or behind its own total")
    return Span(start, stop, total)


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    if len(significant) > _MOST_DIGITS:
        raise TooManyBytes("Content-Range names a byte beyond every bound")
    return int(significant or "0")
