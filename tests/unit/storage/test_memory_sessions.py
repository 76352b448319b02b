"""Tests of the memory store's upload sessions: what they hold and for how long, and whom they tell."""

from urllib.parse import parse_qs, urlsplit

import pytest

from storage.memory import MemoryStore
from storage.signing import AlreadyUploaded, SessionNotFound, TooFewBytes, UrlSigner
from storage.store import RESUMABLE_CHUNK_BYTES, StorageFull
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from tests.clock import ManualClock
from tests.contract.store_kit import exists, put, read, stream
from tests.unit.storage.session_bench import BODY, LIMIT, PATH, Bench, make_bench, start

# what is counted


async def test_bytes_count_while_they_come_in_and_once_in_the_object() -> None:
    bench = await make_bench()
    line, request = bench.begin(f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
    await line.send(BODY[: GRANULE + 100])
    during = bench.store.used_bytes

    await line.send(BODY[GRANULE + 100 :])
    await line.send(None)

    assert during == GRANULE + 100
    assert (await request).is_complete
    assert bench.store.used_bytes == len(BODY)
    await bench.store.delete(PATH)
    assert bench.store.used_bytes == 0


async def test_a_chunk_without_room_keeps_whole_granules_and_may_be_sent_again() -> None:
    bench = await make_bench(limit=2 * GRANULE)
    await put(bench.store, "other", b"x" * 10)

    with pytest.raises(StorageFull):
        await bench.put(BODY[: GRANULE + 10], BODY[GRANULE + 10 : 2 * GRANULE], at=0)
    state = await bench.ask()
    used = bench.store.used_bytes
    await bench.store.delete("other")

    assert (state.committed, used) == (GRANULE, GRANULE + 10)
    assert (await bench.put(BODY[GRANULE : 2 * GRANULE], at=GRANULE, total=2 * GRANULE)).is_complete


@pytest.mark.parametrize("end", ["abort", "cancel", "expire"])
async def test_a_session_that_ends_frees_its_bytes(end: str) -> None:
    bench = await make_bench()
    await bench.put(BODY[:GRANULE], at=0)

    match end:
        case "abort":
            await bench.store.abort_resumable(bench.session.url)
        case "cancel":
            await bench.store.cancel_session(bench.grant)
        case _:
            bench.clock.advance(900)

    assert bench.store.used_bytes == 0
    with pytest.raises(SessionNotFound):
        await bench.ask()
    with pytest.raises(SessionNotFound):
        await bench.store.cancel_session(bench.grant)


async def test_an_expired_session_makes_room_for_an_upload_under_way() -> None:
    bench = await make_bench(limit=2 * GRANULE)
    await bench.put(BODY[:GRANULE], at=0)
    bench.clock.advance(900)

    made = await put(bench.store, "other", BODY[: 2 * GRANULE])

    assert made.size == bench.store.used_bytes == 2 * GRANULE


async def test_a_session_that_expires_under_its_own_bytes_ends_and_frees_them() -> None:
    bench = await make_bench(limit=2 * GRANULE)
    line, request = bench.begin()
    await line.send(BODY[: GRANULE + 10])
    bench.clock.advance(900)

    await line.send(BODY[: 2 * GRANULE - 10])  # has no room before the session is gone

    with pytest.raises(SessionNotFound):
        await request
    assert bench.store.used_bytes == 0


async def test_aborting_ends_the_request_under_way() -> None:
    bench = await make_bench()
    line, request = bench.begin()
    await line.send(BODY[: GRANULE + 10])

    await bench.store.abort_resumable(bench.session.url)

    with pytest.raises(SessionNotFound):
        await request
    assert bench.store.used_bytes == 0
    assert not await exists(bench.store, PATH)


@pytest.mark.parametrize("url", ["", "http://store.test/storage/x", "http://store.test/storage/x?session=unknown"])
async def test_aborting_what_is_no_session_does_nothing(url: str) -> None:
    bench = await make_bench()

    await bench.store.abort_resumable(url)

    assert (await bench.ask()).committed == 0


# how many


async def test_a_bounded_number_of_sessions_is_open() -> None:
    clock = ManualClock()
    signer = UrlSigner(b"k" * 32, "http://store.test/storage", clock)
    store = MemoryStore(signer, max_total_bytes=LIMIT, clock=clock, max_sessions=2)
    first, _ = await start(store, expires_in=60), await start(store)

    with pytest.raises(StorageFull):
        await start(store)
    await store.abort_resumable(first.url)
    await start(store, expires_in=60)
    clock.advance(60)

    assert (await start(store)).method == "PUT"


async def test_complete_sessions_leave_their_place_and_only_the_latest_are_remembered() -> None:
    clock = ManualClock()
    signer = UrlSigner(b"k" * 32, "http://store.test/storage", clock)
    store = MemoryStore(signer, max_total_bytes=LIMIT, clock=clock, max_sessions=1)
    benches = []
    for _ in range(3):
        bench = Bench(store, clock, await start(store))
        await bench.put(b"hello")
        await store.delete(PATH)
        benches.append(bench)

    assert (await benches[2].ask()).is_complete
    with pytest.raises(SessionNotFound):
        await benches[0].ask()


async def test_session_ids_are_long_and_never_the_same() -> None:
    store = (await make_bench()).store

    ids = {parse_qs(urlsplit((await start(store)).url).query)["session"][0] for _ in range(100)}

    assert len(ids) == 100
    assert all(len(each) >= 32 for each in ids)


async def test_bounds_that_contradict_each_other_leave_no_session() -> None:
    bench = await make_bench()

    with pytest.raises(ValueError, match="bounds"):
        await start(bench.store, min_bytes=5, max_bytes=4)

    assert len(bench.store._sessions._sessions) == 1


# only one object


async def test_where_an_object_is_a_put_is_refused_before_its_first_byte() -> None:
    bench = await make_bench()
    await put(bench.store, PATH)
    chunks = stream(BODY)

    with pytest.raises(AlreadyUploaded):
        await bench.send(chunks)

    assert await anext(chunks) == BODY
    await chunks.aclose()


async def test_an_object_that_comes_during_the_last_chunk_stays_and_its_removal_lets_the_session_go_on() -> None:
    bench = await make_bench()
    line, request = bench.begin()
    await line.send(BODY)
    await put(bench.store, PATH, b"first")
    await line.send(None)

    with pytest.raises(AlreadyUploaded):
        await request
    kept = await read(bench.store, PATH)
    await bench.store.delete(PATH)

    assert kept == b"first"
    assert (await bench.put(BODY)).is_complete
    assert bench.store.used_bytes == len(BODY)


async def test_after_completion_a_plain_put_and_a_cancellation_are_refused_and_a_chunk_changes_nothing() -> None:
    bench = await make_bench()
    made = await bench.put(BODY)

    with pytest.raises(AlreadyUploaded):
        await bench.put(BODY)
    with pytest.raises(AlreadyUploaded):
        await bench.store.cancel_session(bench.grant)

    assert await bench.put(b"x" * GRANULE, at=0, total=len(BODY)) == made
    assert await read(bench.store, PATH) == BODY
    assert bench.store.used_bytes == len(BODY)


# progress


async def test_progress_is_told_after_each_request_that_committed_something() -> None:
    bench = await make_bench()

    await bench.put(BODY[:GRANULE], at=0)
    await bench.put(BODY[:GRANULE], at=0)
    await bench.ask()
    await bench.put(BODY[GRANULE:], at=GRANULE, total=len(BODY))
    await bench.ask()

    assert bench.told == [(GRANULE, None), (len(BODY), len(BODY))]


async def test_progress_of_a_request_that_breaks_off_is_told() -> None:
    bench = await make_bench()

    with pytest.raises(TooFewBytes):
        await bench.send(stream(BODY[: GRANULE + 9]), f"bytes 0-{len(BODY) - 1}/{len(BODY)}")

    assert bench.told == [(GRANULE, len(BODY))]


async def test_progress_of_a_long_request_is_told_every_8_mib() -> None:
    bench = await make_bench(limit=LIMIT)
    size = RESUMABLE_CHUNK_BYTES + GRANULE + 1

    await bench.put(*(b"x" * GRANULE for _ in range(size // GRANULE)), b"x")

    assert bench.told == [(RESUMABLE_CHUNK_BYTES, None), (size, size)]


async def test_an_empty_object_is_told_too() -> None:
    bench = await make_bench(min_bytes=0)

    assert (await bench.ask(0)).is_complete
    assert bench.told == [(0, 0)]
