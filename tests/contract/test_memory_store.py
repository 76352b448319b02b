"""The memory store: the contract of all stores, and what it promises beyond."""

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from storage.memory import MemoryStore
from storage.pieces import PIECE_BYTES
from storage.signing import (
    AlreadyUploaded,
    TooFewBytes,
    TooManyBytes,
    UploadRefused,
    UrlSigner,
    WriteGrant,
)
from storage.store import ObjectExists, StorageFull
from tests.contract.http_side import HttpSide
from tests.contract.store_resumable import ResumableContract
from tests.contract.stores import PATH, ManualClock, Send, StoreContract, exists, put, read, stream

BASE = "http://127.0.0.1:8080/storage"
LIMIT = 4_000_000
GRANT = WriteGrant(PATH, "image/png", 2, 10, datetime.max.replace(tzinfo=UTC))


def make_signer(clock: ManualClock) -> UrlSigner:
    return UrlSigner(b"k" * 32, BASE, clock)


def make_store(max_total_bytes: int = LIMIT) -> MemoryStore:
    clock = ManualClock()
    return MemoryStore(make_signer(clock), max_total_bytes=max_total_bytes, clock=clock)


class TestMemoryStore(StoreContract, ResumableContract):
    @pytest.fixture
    def store(self, clock: ManualClock) -> MemoryStore:
        return MemoryStore(make_signer(clock), max_total_bytes=LIMIT, clock=clock)

    @pytest.fixture
    def send(self, store: MemoryStore, clock: ManualClock) -> Send:
        return HttpSide(store, make_signer(clock), clock)


async def test_a_signed_url_makes_no_second_object_after_the_first_was_removed() -> None:
    store = make_store()
    await store.put_signed(GRANT, stream(b"first"), None)
    await store.delete(PATH)

    with pytest.raises(AlreadyUploaded):
        await store.put_signed(GRANT, stream(b"second"), None)

    assert not await exists(store)
    assert store.used_bytes == 0


def test_it_says_that_it_forgets_and_how_much_it_holds() -> None:
    store = make_store(max_total_bytes=123)

    assert store.is_ephemeral
    assert store.max_object_bytes == 123


async def test_the_store_may_be_filled_to_its_last_byte() -> None:
    store = make_store(max_total_bytes=10)

    await put(store, "a", b"x" * 6)
    await put(store, "b", b"x" * 4)

    assert store.used_bytes == 10
    with pytest.raises(StorageFull):
        await put(store, "c", b"x")


async def test_an_upload_is_refused_at_the_chunk_that_would_pass_the_bound() -> None:
    store = make_store(max_total_bytes=10)
    asked: list[int] = []

    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            asked.append(store.used_bytes)
            yield b"xxxx"

    with pytest.raises(StorageFull):
        await store.upload(PATH, endless(), "image/png")

    assert asked == [0, 4, 8]
    assert store.used_bytes == 0
    assert not await exists(store)


async def test_uploads_under_way_count_against_each_other() -> None:
    store = make_store(max_total_bytes=10)

    async def with_another_inside() -> AsyncGenerator[bytes, None]:
        yield b"x" * 6
        with pytest.raises(StorageFull):
            await put(store, "b", b"x" * 5)
        yield b"x" * 4

    made = await store.upload("a", with_another_inside(), "image/png")

    assert made.size == store.used_bytes == 10


async def test_a_failed_or_cancelled_upload_gives_its_bytes_back() -> None:
    store = make_store()
    is_under_way = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"x" * 1000
        is_under_way.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(store.upload(PATH, endless(), "image/png"))
    await is_under_way.wait()
    during = store.used_bytes
    task.cancel()
    await asyncio.wait([task])

    assert (during, store.used_bytes) == (1000, 0)


async def test_overwriting_and_deleting_free_the_old_bytes() -> None:
    store = make_store()
    await put(store, body=b"x" * 100)

    await put(store, body=b"x" * 30)
    overwritten = store.used_bytes
    await store.delete(PATH)

    assert (overwritten, store.used_bytes) == (30, 0)


async def test_what_copies_share_counts_once_until_the_last_of_them_is_gone() -> None:
    store = make_store(max_total_bytes=10)
    await put(store, "a", b"x" * 8)
    await store.copy("a", "b")
    await store.copy("b", "c")
    used = [store.used_bytes]

    for path in "abc":
        await store.delete(path)
        used.append(store.used_bytes)

    assert used == [8, 8, 8, 0]


async def test_a_copy_frees_what_it_replaces_and_what_replaces_a_copy_counts_itself() -> None:
    store = make_store(max_total_bytes=20)
    await put(store, "a", b"x" * 8)
    await put(store, "b", b"y" * 5)

    await store.copy("a", "b")
    replaced = store.used_bytes
    await put(store, "a", b"z" * 3)
    overwritten = store.used_bytes
    await store.delete("b")

    assert (replaced, overwritten, store.used_bytes) == (8, 11, 3)


async def test_a_copy_onto_itself_changes_nothing_but_the_generation() -> None:
    store = make_store(max_total_bytes=10)
    before = await put(store, "a", b"x" * 8)

    after = await store.copy("a", "a")

    assert (after.etag, after.generation != before.generation) == (before.etag, True)
    assert (store.used_bytes, await read(store, "a")) == (8, b"x" * 8)
    await store.delete("a")
    assert store.used_bytes == 0


async def test_if_absent_is_checked_before_the_first_chunk_is_asked_for() -> None:
    store = make_store()
    await put(store)
    chunks = stream(b"new")

    with pytest.raises(ObjectExists):
        await store.upload(PATH, chunks, "image/png", if_absent=True)

    assert await anext(chunks) == b"new"
    await chunks.aclose()


@pytest.mark.parametrize("chunk", [1, 1000, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES])
async def test_readers_get_pieces_of_64_kib_however_the_bytes_came_in(chunk: int) -> None:
    store = make_store()
    body = bytes(range(250)) * 800
    await store.upload(PATH, stream(*(body[at : at + chunk] for at in range(0, len(body), chunk))), "image/png")

    pieces = [piece async for piece in (await store.open(PATH)).chunks]

    assert [len(piece) for piece in pieces] == [65_536, 65_536, 65_536, 3_392]
    assert b"".join(pieces) == body


@pytest.mark.parametrize("chunk", [7, 65_536, 100_000])
async def test_an_object_costs_about_its_size(chunk: int) -> None:
    store = make_store()
    count = 700_000 // chunk

    async def produced() -> AsyncGenerator[bytes, None]:
        for number in range(count):
            yield number.to_bytes(4, "big").ljust(chunk, b"\0")

    tracemalloc.start()
    try:
        made = await store.upload(PATH, produced(), "video/mp4")
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < made.size * 1.02 + 20_000
    assert peak < made.size * 1.02 + 4 * (PIECE_BYTES + chunk)


async def test_list_leaves_out_what_goes_and_does_not_see_what_comes_meanwhile() -> None:
    store = make_store()
    for name in "abc":
        await put(store, name)
    listing = aiter(store.list(""))
    first = await anext(listing)

    await store.delete("b")
    await put(store, "bb")

    assert [first.path, *[item.path async for item in listing]] == ["a", "c"]


async def test_two_stores_share_nothing() -> None:
    one, other = make_store(), make_store()

    assert (await put(one)).generation == (await put(other)).generation
    await one.delete(PATH)
    assert await exists(other)


@pytest.mark.parametrize("declared", [None, 5])
async def test_a_signed_put_makes_the_object_of_the_grant(declared: int | None) -> None:
    store = make_store()

    made = await store.put_signed(GRANT, stream(b"he", b"llo"), declared)

    assert await store.stat(PATH) == made
    assert (made.content_type, await read(store)) == ("image/png", b"hello")


@pytest.mark.parametrize(("body", "error"), [(b"x", TooFewBytes), (b"x" * 11, TooManyBytes)])
async def test_a_signed_put_of_another_size_is_refused_and_uses_nothing_up(
    body: bytes, error: type[UploadRefused]
) -> None:
    store = make_store()

    with pytest.raises(error):
        await store.put_signed(GRANT, stream(body), None)

    assert store.used_bytes == 0
    assert (await store.put_signed(GRANT, stream(b"hello"), None)).size == 5


async def test_a_signed_put_is_refused_where_an_object_is_however_it_came_there() -> None:
    store = make_store()
    before = await put(store)

    with pytest.raises(AlreadyUploaded):
        await store.put_signed(GRANT, stream(b"again"), None)

    assert await store.stat(PATH) == before
    assert issubclass(AlreadyUploaded, ObjectExists)


async def test_of_concurrent_signed_puts_the_first_to_be_whole_wins() -> None:
    store = make_store()

    async def slow() -> AsyncGenerator[bytes, None]:
        yield b"slow"
        await store.put_signed(GRANT, stream(b"quick"), None)

    with pytest.raises(AlreadyUploaded):
        await store.put_signed(GRANT, slow(), None)

    assert await read(store) == b"quick"
    assert store.used_bytes == len(b"quick")


async def test_a_signed_put_that_breaks_off_passes_its_error_through_and_may_be_tried_again() -> None:
    store = make_store()

    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"he"
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        await store.put_signed(GRANT, broken(), 5)

    assert (await store.put_signed(GRANT, stream(b"hello"), 5)).size == 5
