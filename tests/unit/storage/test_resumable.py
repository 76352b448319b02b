"""Tests of the protocol of upload sessions: what is decided about a PUT, and which bytes of it pass."""

from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.content_range import ChunkRefused, ContentRangeMalformed
from storage.resumable import (
    ChunkMisaligned,
    ChunkOutOfPlace,
    LengthMismatch,
    PutHeaders,
    Receive,
    SessionState,
    TotalChanged,
    TypeChanged,
    decide,
)
from storage.signing import AlreadyUploaded, TooFewBytes, TooManyBytes, UploadRefused
from storage.store import RESUMABLE_CHUNK_BYTES, RESUMABLE_GRANULE_BYTES

GRANULE = RESUMABLE_GRANULE_BYTES
SIZE = 3 * GRANULE + 5


def make_state(**overrides: Any) -> SessionState:
    values: dict[str, Any] = {"content_type": "video/mp4", "min_bytes": 10, "max_bytes": 5 * GRANULE}
    return SessionState(**(values | overrides))


def make_receive(**overrides: Any) -> Receive:
    values: dict[str, Any] = {"start": 0, "least": 10, "most": 10, "committed": 0, "total": 10, "is_last": True}
    return Receive(**(values | overrides))


def put(content_range: str | None = None, length: int | None = None, content_type: str | None = None) -> PutHeaders:
    return PutHeaders(content_range, length, content_type)


async def stream(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


def test_the_constants_are_googles() -> None:
    assert (RESUMABLE_GRANULE_BYTES, RESUMABLE_CHUNK_BYTES) == (262_144, 8_388_608)


@pytest.mark.parametrize(("committed", "expected"), [(0, None), (1, "bytes=0-0"), (GRANULE, "bytes=0-262143")])
def test_the_range_names_the_last_committed_byte(committed: int, expected: str | None) -> None:
    assert make_state(committed=committed).range == expected


# queries


@pytest.mark.parametrize("header", ["bytes */*", f"bytes */{SIZE}"])
@pytest.mark.parametrize("state", [make_state(), make_state(committed=GRANULE), make_state(total=SIZE)])
def test_a_query_of_an_incomplete_session_only_tells(state: SessionState, header: str) -> None:
    assert decide(state, put(header, 0)) is None
    assert decide(state, put(header, None)) is None


@pytest.mark.parametrize("header", ["bytes */*", f"bytes */{SIZE}"])
def test_a_query_of_a_complete_session_only_tells(header: str) -> None:
    assert decide(make_state(committed=SIZE, total=SIZE, etag="e"), put(header, 0)) is None


@pytest.mark.parametrize(
    ("state", "header"),
    [
        (make_state(committed=GRANULE), f"bytes */{GRANULE}"),
        (make_state(committed=GRANULE, total=GRANULE), f"bytes */{GRANULE}"),
        (make_state(committed=GRANULE, total=GRANULE), "bytes */*"),
    ],
)
def test_a_query_completes_a_session_that_misses_nothing(state: SessionState, header: str) -> None:
    assert decide(state, put(header, 0)) == Receive(GRANULE, GRANULE, GRANULE, GRANULE, GRANULE, is_last=True)


def test_a_query_has_no_body_and_may_have_any_content_type() -> None:
    with pytest.raises(LengthMismatch):
        decide(make_state(), put("bytes */*", 1))
    assert decide(make_state(), put("bytes */*", 0, "application/octet-stream")) is None


# chunks


@pytest.mark.parametrize(
    ("committed", "header", "expected"),
    [
        (0, f"bytes 0-{GRANULE - 1}/*", Receive(0, GRANULE, GRANULE, 0, None, is_last=False)),
        (0, f"bytes 0-{GRANULE - 1}/{SIZE}", Receive(0, GRANULE, GRANULE, 0, SIZE, is_last=False)),
        (GRANULE, f"bytes {GRANULE}-{SIZE - 1}/{SIZE}", Receive(GRANULE, SIZE, SIZE, GRANULE, SIZE, is_last=True)),
        (GRANULE, f"bytes 7-{SIZE - 1}/{SIZE}", Receive(7, SIZE, SIZE, GRANULE, SIZE, is_last=True)),
        (0, f"bytes 0-{5 * GRANULE - 1}/*", Receive(0, 5 * GRANULE, 5 * GRANULE, 0, None, is_last=False)),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_chunk_is_received_at_its_place(committed: int, header: str, expected: Receive, *, is_declared: bool) -> None:
    length = expected.most - expected.start if is_declared else None

    assert decide(make_state(committed=committed), put(header, length, "video/mp4")) == expected


def test_a_chunk_without_total_is_the_last_when_the_total_is_known() -> None:
    state = make_state(committed=GRANULE, total=SIZE)

    plan = decide(state, put(f"bytes {GRANULE}-{SIZE - 1}/*"))

    assert plan == Receive(GRANULE, SIZE, SIZE, GRANULE, SIZE, is_last=True)


def test_a_chunk_of_a_complete_session_is_received_and_has_nothing_new() -> None:
    state = make_state(committed=SIZE, total=SIZE, etag="e")

    plan = decide(state, put(f"bytes {GRANULE}-{SIZE - 1}/{SIZE}"))

    assert plan is not None
    assert plan.most <= plan.committed


@pytest.mark.parametrize(
    ("state", "headers", "error"),
    [
        (make_state(), put("nonsense", 5), ContentRangeMalformed),
        (make_state(), put(f"bytes 0-{GRANULE - 1}/*", GRANULE - 1), LengthMismatch),
        (make_state(), put(f"bytes 0-{GRANULE - 1}/*", GRANULE + 1), LengthMismatch),
        (make_state(), put(f"bytes 0-{GRANULE}/*"), ChunkMisaligned),
        (make_state(), put(f"bytes 0-{GRANULE}/{SIZE}"), ChunkMisaligned),
        (make_state(), put(f"bytes {GRANULE}-{SIZE - 1}/{SIZE}"), ChunkOutOfPlace),
        (make_state(), put(f"bytes 1-{SIZE - 1}/{SIZE}"), ChunkOutOfPlace),
        (make_state(), put(f"bytes 0-{6 * GRANULE - 1}/*"), TooManyBytes),
        (make_state(), put(f"bytes 0-{GRANULE - 1}/{5 * GRANULE + 1}"), TooManyBytes),
        (make_state(), put(f"bytes */{5 * GRANULE + 1}"), TooManyBytes),
        (make_state(), put("bytes 0-8/9"), TooFewBytes),
        (make_state(), put("bytes */9"), TooFewBytes),
        (make_state(total=SIZE), put(f"bytes 0-{GRANULE - 1}/{SIZE + 1}"), TotalChanged),
        (make_state(total=SIZE), put(f"bytes */{SIZE - 1}"), TotalChanged),
        (make_state(total=SIZE), put(f"bytes 0-{4 * GRANULE - 1}/*"), TotalChanged),
        (make_state(committed=GRANULE), put(f"bytes */{GRANULE - 1}"), TotalChanged),
        (make_state(committed=GRANULE), put(f"bytes 0-{GRANULE - 2}/{GRANULE - 1}"), TotalChanged),
        (make_state(), put(f"bytes 0-{SIZE - 1}/{SIZE}", None, "text/html"), TypeChanged),
        (make_state(), put(None, SIZE, ""), TypeChanged),
        (make_state(), put(None, 9), TooFewBytes),
        (make_state(), put(None, 5 * GRANULE + 1), TooManyBytes),
        (make_state(total=SIZE), put(None, SIZE + 1), TotalChanged),
        (make_state(committed=SIZE, total=SIZE, etag="e"), put(None, SIZE), AlreadyUploaded),
        (make_state(committed=SIZE, total=SIZE, etag="e"), put(f"bytes */{SIZE + 1}"), TotalChanged),
    ],
)
def test_a_put_that_does_not_fit_is_refused_by_name(
    state: SessionState, headers: PutHeaders, error: type[UploadRefused]
) -> None:
    with pytest.raises(error):
        decide(state, headers)


@pytest.mark.parametrize("content_type", [None, "video/mp4", " Video/MP4 "])
def test_the_content_type_may_be_left_out_and_is_compared_without_case(content_type: str | None) -> None:
    assert decide(make_state(), put(None, SIZE, content_type)) is not None


# the whole in one


def test_a_plain_put_is_received_from_the_beginning() -> None:
    state = make_state(committed=GRANULE)

    assert decide(state, put(None, SIZE)) == Receive(0, SIZE, SIZE, GRANULE, SIZE, is_last=True)


@pytest.mark.parametrize(
    ("state", "least", "most"),
    [
        (make_state(), 10, 5 * GRANULE),
        (make_state(committed=GRANULE), GRANULE, 5 * GRANULE),
        (make_state(committed=GRANULE, total=SIZE), SIZE, SIZE),
    ],
)
def test_a_plain_put_of_unknown_length_is_bounded_by_what_was_agreed(
    state: SessionState, least: int, most: int
) -> None:
    plan = decide(state, put())

    assert plan == Receive(0, least, most, state.committed, state.total, is_last=True)


# the bytes


async def test_new_bytes_pass_and_committed_ones_do_not() -> None:
    plan = make_receive(start=3, committed=6)

    assert b"".join([part async for part in plan.admit(stream(b"34", b"", b"5678", b"9"))]) == b"6789"


async def test_parts_end_where_granules_end() -> None:
    plan = make_receive(start=GRANULE - 2, least=3 * GRANULE, most=3 * GRANULE, committed=GRANULE - 1)

    sizes = [len(part) async for part in plan.admit(stream(b"x" * (GRANULE + 3), b"x" * (GRANULE - 1)))]

    assert sizes == [1, GRANULE, 1, GRANULE - 1]


async def test_the_chunk_that_passes_the_end_is_not_passed_on() -> None:
    admitted = make_receive().admit(stream(b"12345678", b"901"))

    assert await anext(admitted) == b"12345678"
    with pytest.raises(TooManyBytes):
        await anext(admitted)


async def test_a_body_that_ends_early_is_refused_at_its_end() -> None:
    admitted = make_receive().admit(stream(b"123456789"))

    assert await anext(admitted) == b"123456789"
    with pytest.raises(TooFewBytes):
        await anext(admitted)


@settings(deadline=None)  # the machine may be shared
@given(st.data())
async def test_whatever_is_admitted_continues_what_is_committed(data: st.DataObject) -> None:
    body = bytes(range(256)) * (2 * GRANULE // 256) + b"rest"
    committed = data.draw(st.sampled_from([0, GRANULE, 2 * GRANULE]))
    start = data.draw(st.integers(0, committed))
    cuts = sorted(data.draw(st.sets(st.integers(start, len(body)), max_size=5)) | {start, len(body)})
    chunks = [body[at:to] for at, to in pairwise(cuts)]
    plan = make_receive(start=start, least=len(body), most=len(body), committed=committed)

    assert b"".join([part async for part in plan.admit(stream(*chunks))]) == body[committed:]


STATES = st.builds(
    make_state,
    committed=st.integers(0, 4).map(GRANULE.__mul__),
    total=st.none() | st.integers(4 * GRANULE, 5 * GRANULE),
)
NUMBERS = st.integers(0, 6 * GRANULE) | st.integers(0, 6).map(GRANULE.__mul__)
HEADERS = st.one_of(
    st.none(),
    st.builds("bytes */{}".format, NUMBERS | st.just("*")),
    st.builds("bytes {}-{}/{}".format, NUMBERS, NUMBERS.map(lambda number: number - 1), NUMBERS | st.just("*")),
)


@settings(deadline=None)  # the machine may be shared
@given(STATES, HEADERS, st.none() | NUMBERS)
def test_whatever_is_decided_keeps_to_what_was_agreed(
    state: SessionState, content_range: str | None, length: int | None
) -> None:
    try:
        plan = decide(state, put(content_range, length))
    except (ChunkRefused, TooManyBytes, TooFewBytes):
        return
    if plan is None:
        return
    assert plan.start <= state.committed
    assert plan.most <= state.max_bytes
    assert state.total in {None, plan.total}
    assert plan.is_last or plan.most % GRANULE == 0
    assert not plan.is_last or plan.least >= state.min_bytes
