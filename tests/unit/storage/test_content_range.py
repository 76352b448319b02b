"""Tests of the Content-Range header of a PUT to an upload session."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.content_range import ContentRangeMalformed, Query, Span, parse_content_range
from storage.signing import TooManyBytes, UploadRefused

OFFSETS = st.integers(min_value=0, max_value=10**18 - 2)
ZEROS = st.integers(min_value=0, max_value=30).map("0".__mul__)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes 0-0/1", Span(0, 1, 1)),
        ("bytes 0-262143/1000000", Span(0, 262_144, 1_000_000)),
        ("bytes 262144-999999/1000000", Span(262_144, 1_000_000, 1_000_000)),
        ("bytes 0-262143/*", Span(0, 262_144, None)),
        ("bytes */1000000", Query(1_000_000)),
        ("bytes */0", Query(0)),
        ("bytes */*", Query(None)),
        ("Bytes 1-2/3", Span(1, 3, 3)),
        (" bytes 1-2/3\t", Span(1, 3, 3)),
        ("bytes  1-2/3", Span(1, 3, 3)),
        ("bytes 001-02/0003", Span(1, 3, 3)),
        ("bytes 0-" + "0" * 5000 + "4/5", Span(0, 5, 5)),
    ],
)
def test_every_form_that_a_session_takes_is_read(header: str, expected: Span | Query) -> None:
    assert parse_content_range(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes ",
        "bytes 0-4",
        "bytes 0-4/",
        "bytes 0-/5",
        "bytes -4/5",
        "bytes -/5",
        "bytes 4/5",
        "bytes */",
        "bytes *-4/5",
        "bytes 0-*/5",
        "bytes=0-4/5",
        "bytes:0-4/5",
        "bytes0-4/5",
        "items 0-4/5",
        "0-4/5",
        "bytes 0 - 4/5",
        "bytes 0-4 / 5",
        "bytes 0-4/5, bytes 0-4/5",
        "bytes 0-4/5\n",
        "bytes +0-4/5",
        "bytes 0x0-0x4/5",
        "bytes 0-4/5_0",
        "bytes 0-4.0/5",
        "bytes \u0660-\u0664/\u0665",
        "bytes 5-4/10",
        "bytes 0-5/5",
        "bytes 5-5/5",
        "bytes 0-0/0",
    ],
)
def test_anything_else_is_malformed(header: str) -> None:
    with pytest.raises(ContentRangeMalformed):
        parse_content_range(header)


@pytest.mark.parametrize("digits", ["1" + "0" * 18, "9" * 19, "9" * 10_000])
@pytest.mark.parametrize("form", ["bytes 0-{}/*", "bytes 0-4/{}", "bytes */{}", "bytes {}-{}/*"])
def test_a_number_beyond_every_bound_is_too_many_bytes_however_many_digits_it_has(form: str, digits: str) -> None:
    with pytest.raises(TooManyBytes):
        parse_content_range(form.format(digits, digits))


@settings(deadline=None)  # the machine may be shared
@given(OFFSETS, OFFSETS, OFFSETS, ZEROS)
def test_any_span_that_makes_sense_is_read_as_it_is(one: int, two: int, three: int, zeros: str) -> None:
    first, last, more = sorted([one, two, three])
    total = more + 1

    assert parse_content_range(f"bytes {zeros}{first}-{last}/{zeros}{total}") == Span(first, last + 1, total)
    assert parse_content_range(f"bytes {first}-{zeros}{last}/*") == Span(first, last + 1, None)
    assert parse_content_range(f"bytes */{zeros}{total}") == Query(total)


PARTS = st.sampled_from(["bytes", " ", "*", "/", "-", "0", "7", "262143", "9" * 40, "\t", ","])


@settings(deadline=None)  # the machine may be shared
@given(st.text(st.characters()) | st.lists(PARTS).map("".join))
def test_no_header_raises_anything_but_the_typed_errors(header: str) -> None:
    with suppress(UploadRefused):
        asked = parse_content_range(header)
        assert isinstance(asked, Query) or 0 <= asked.start < asked.stop <= (asked.total or asked.stop)
