"""Tests of requests to an upload session that break off, do not fit, or come two at once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from storage.resumable import ChunkMisaligned, ChunkOutOfPlace, TypeChanged
from storage.signing import TooFewBytes, TooManyBytes
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.turns import TakenOver
from tests.contract.store_kit import exists, put, read, stream
from tests.unit.storage.session_bench import BODY, PATH, Bench, make_bench

# what breaks off


@pytest.mark.parametrize(
    "content_range", [None, f"bytes 0-{len(BODY) - 1}/{len(BODY)}", f"bytes 0-{3 * GRANULE - 1}/*"]
)
async def test_a_request_that_breaks_off_leaves_whole_granules_to_go_on_from(content_range: str | None) -> None:
    bench = await make_bench()
    line, request = bench.begin(content_range)
    await line.send(BODY[: 2 * GRANULE + 100])
    await line.send(ConnectionResetError("the client went away"))

    with pytest.raises(ConnectionResetError):
        await request
    state = await bench.ask()

    assert state.committed == bench.store.used_bytes == 2 * GRANULE
    assert not await exists(bench.store, PATH)
    assert (await bench.put(BODY[2 * GRANULE :], at=2 * GRANULE, total=len(BODY))).is_complete
    assert await read(bench.store, PATH) == BODY


async def test_a_cancelled_request_leaves_whole_granules_too() -> None:
    bench = await make_bench()
    line, request = bench.begin()
    await line.send(BODY[: GRANULE + 100])

    request.cancel()

    with pytest.raises(asyncio.CancelledError):
        await request
    assert (await bench.ask()).committed == bench.store.used_bytes == GRANULE


async def test_an_upload_that_broke_off_many_times_is_the_same_bytes_and_etag() -> None:
    bench = await make_bench()
    for _ in range(2):
        committed = (await bench.ask()).committed
        line, request = bench.begin(f"bytes {committed}-{len(BODY) - 1}/{len(BODY)}")
        await line.send(BODY[committed : committed + GRANULE // 2])
        await line.send(BODY[committed + GRANULE // 2 : committed + GRANULE + GRANULE // 3])
        await line.send(ConnectionResetError())
        with pytest.raises(ConnectionResetError):
            await request

    committed = (await bench.ask()).committed
    state = await bench.put(BODY[committed:], at=committed, total=len(BODY))

    assert state.etag == (await put(bench.store, "other", BODY)).etag
    assert await read(bench.store, PATH) == BODY


async def test_a_body_that_ends_early_without_an_error_keeps_whole_granules() -> None:
    bench = await make_bench()

    with pytest.raises(TooFewBytes):
        await bench.send(stream(BODY[: GRANULE + 1]), f"bytes 0-{2 * GRANULE - 1}/*")

    assert (await bench.ask()).committed == GRANULE


async def test_a_body_that_is_longer_than_announced_keeps_whole_granules() -> None:
    bench = await make_bench()

    with pytest.raises(TooManyBytes):
        await bench.send(stream(BODY[:GRANULE], b"x" * (GRANULE + 1)), f"bytes 0-{2 * GRANULE - 1}/*")

    assert (await bench.ask()).committed == GRANULE


async def test_a_plain_put_of_unknown_length_is_bounded_while_it_comes_in() -> None:
    bench = await make_bench(max_bytes=GRANULE + 5)

    with pytest.raises(TooManyBytes):
        await bench.put(BODY[:GRANULE], b"123456")

    assert (await bench.ask()).committed == GRANULE
    assert (await bench.put(BODY[:GRANULE], b"12345")).is_complete


@pytest.mark.parametrize(
    ("send", "error"),
    [
        (lambda bench: bench.put(b"x" * 100, at=GRANULE), ChunkMisaligned),
        (lambda bench: bench.put(b"x" * GRANULE, at=2 * GRANULE), ChunkOutOfPlace),
        (lambda bench: bench.put(b"x" * GRANULE, at=GRANULE, kind="text/html"), TypeChanged),
    ],
)
async def test_a_refused_request_disturbs_nobody(send: Callable[[Bench], Any], error: type[Exception]) -> None:
    bench = await make_bench()
    await bench.put(BODY[:GRANULE], at=0)
    line, request = bench.begin(f"bytes {GRANULE}-{len(BODY) - 1}/{len(BODY)}")
    await line.send(BODY[GRANULE : GRANULE + 10])

    with pytest.raises(error):
        await send(bench)
    await line.send(BODY[GRANULE + 10 :])
    await line.send(None)

    assert (await request).is_complete
    assert await read(bench.store, PATH) == BODY


# two at once


async def test_a_later_request_takes_over_from_one_that_hangs() -> None:
    bench = await make_bench()
    line, hanging = bench.begin(f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
    await line.send(BODY[: GRANULE + 100])

    state = await bench.ask()
    done = await bench.put(BODY[state.committed :], at=state.committed, total=len(BODY))

    assert (state.committed, done.is_complete) == (GRANULE, True)
    with pytest.raises(TakenOver):
        await hanging
    assert await read(bench.store, PATH) == BODY
    assert bench.store.used_bytes == len(BODY)


async def test_the_one_that_was_ended_takes_nothing_from_the_one_that_goes_on() -> None:
    bench = await make_bench()
    first_line, first = bench.begin(f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
    await first_line.send(BODY[:100])
    second_line, second = bench.begin(f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
    await second_line.send(BODY[:200])

    with pytest.raises(TakenOver):
        await first
    during = bench.store.used_bytes
    await second_line.send(BODY[200:])
    await second_line.send(None)

    assert during == 200
    assert (await second).is_complete
    assert await read(bench.store, PATH) == BODY


async def test_a_status_query_leaves_the_request_under_way_alone() -> None:
    bench = await make_bench()
    line, request = bench.begin(f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
    await line.send(BODY[: 2 * GRANULE])

    state = await bench.ask()
    await line.send(BODY[2 * GRANULE :])
    await line.send(None)

    assert (state.committed, state.total) == (2 * GRANULE, len(BODY))
    assert (await request).is_complete
