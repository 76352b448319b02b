"""Tests of the Range and If-Range headers, case by case from RFC 9110."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.ranges import if_range_matches, parse_range
from storage.store import RangeNotSatisfiable

SIZES = st.integers(min_value=0, max_value=2**63)
MODIFIED = datetime(2025, 3, 9, 13, 5, 7, 250_000, tzinfo=UTC)
MODIFIED_TEXT = "Sun, 09 Mar 2025 13:05:07 GMT"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-499", (0, 500)),
        ("bytes=500-999", (500, 1000)),
        ("bytes=500-", (500, 1000)),
        ("bytes=999-999", (999, 1000)),
        ("bytes=0-5000", (0, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-1000", (0, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("Bytes=0-1", (0, 2)),
        ("bytes=007-008", (7, 9)),
        (" bytes= 0-1\t", (0, 2)),
        ("bytes=,0-1 , ", (0, 2)),
    ],
)
def test_a_single_range_selects_its_bytes_of_a_thousand(header: str, expected: tuple[int, int]) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=5",
        "bytes=5-2",
        "bytes=--5",
        "bytes=-5-",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=0x1-2",
        "bytes=1_0-20",
        "bytes=\u0661-\u0662",
        "bytes =0-1",
        "bytes=0-1\n",
        "bytes 0-1",
        "items=0-1",
        "=0-1",
        "0-1",
        "bytes=0-1,2-3",
        "bytes=2000-,0-1",
    ],
)
def test_absent_malformed_foreign_and_multiple_ranges_are_ignored(header: str | None) -> None:
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=5000-6000", "bytes=-0", "bytes=-00"])
def test_a_valid_range_without_a_byte_in_the_object_is_not_satisfiable(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 1000)


def test_an_empty_object_has_no_range_and_its_last_bytes_are_the_whole() -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range("bytes=0-", 0)

    assert parse_range("bytes=-5", 0) is None


def test_numbers_of_any_length_are_read() -> None:
    huge = "9" * 10_000

    assert parse_range(f"bytes=0-{huge}", 10) == (0, 10)
    assert parse_range(f"bytes=-{huge}", 10) == (0, 10)
    assert parse_range(f"bytes={'0' * 10_000}3-4", 10) == (3, 5)
    assert parse_range(f"bytes={huge}9-{huge}", 10) is None
    with pytest.raises(RangeNotSatisfiable):
        parse_range(f"bytes={huge}-", 10)


@settings(deadline=None)  # the machine may be shared
@given(st.text() | st.from_regex(r"bytes=[-,0-9 \t]*", fullmatch=True), SIZES)
def test_any_header_gives_a_range_inside_the_object_or_none_or_not_satisfiable(header: str, size: int) -> None:
    with suppress(RangeNotSatisfiable):
        selected = parse_range(header, size)

        assert selected is None or 0 <= selected[0] < selected[1] <= size


@settings(deadline=None)  # the machine may be shared
@given(st.data(), st.integers(min_value=1, max_value=2**53))
def test_every_range_inside_an_object_comes_back_as_it_was_written(data: st.DataObject, size: int) -> None:
    start = data.draw(st.integers(min_value=0, max_value=size - 1))
    stop = data.draw(st.integers(min_value=start + 1, max_value=size))

    assert parse_range(f"bytes={start}-{stop - 1}", size) == (start, stop)
    assert parse_range(f"bytes={start}-", size) == (start, size)
    assert parse_range(f"bytes=-{size - start}", size) == (start, size)


@pytest.mark.parametrize("header", [None, '"abc"', ' "abc" ', MODIFIED_TEXT])
def test_a_range_may_be_followed_when_if_range_is_absent_or_names_the_object(header: str | None) -> None:
    assert if_range_matches(header, "abc", MODIFIED)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "abc",
        'W/"abc"',
        '"ABC"',
        '"abc", "def"',
        "*",
        "Sun, 09 Mar 2025 13:05:08 GMT",
        "Sunday, 09-Mar-25 13:05:07 GMT",
    ],
)
def test_a_range_is_not_followed_when_if_range_is_weak_other_or_no_validator(header: str) -> None:
    assert not if_range_matches(header, "abc", MODIFIED)


def test_the_date_of_if_range_is_compared_in_utc() -> None:
    elsewhere = MODIFIED.astimezone(timezone(timedelta(hours=-8)))

    assert if_range_matches(MODIFIED_TEXT, "abc", elsewhere)


@settings(deadline=None)  # the machine may be shared
@given(st.text())
def test_no_if_range_header_raises(header: str) -> None:
    assert if_range_matches(header, "abc", MODIFIED) in {True, False}
