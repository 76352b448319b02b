"""What the bucket's store makes of a bucket that fails: it goes on, or says in time that it can't."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from storage.gcs import GCSStore
from storage.store import RESUMABLE_CHUNK_BYTES as CHUNK
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.store import ObjectExists, ObjectNotFound, PreconditionFailed, StorageUnavailable
from tests.clock import ManualClock
from tests.contract.store_kit import BIG, PATH, exists, put, read, stream
from tests.gcs.faults import Answered, Cut, Fault, Lost, Silent
from tests.gcs.server import FakeGcs
from tests.gcs.stores import store_on

LARGE = bytes(range(251)) * (2 * CHUNK // 251 + GRANULE // 251)  # two chunks of 8 MiB and some of a third
BUSY = [Answered(503), Answered(429, {"Retry-After": "1"}), Answered(500), Lost()]

Call = Callable[[GCSStore], Awaitable[object]]


async def listed(store: GCSStore) -> list[str]:
    return [each.path async for each in store.list("")]


async def opened_session(store: GCSStore) -> str:
    session = await store.start_resumable(PATH, "video/mp4", min_bytes=1, max_bytes=10, expires_in=60)
    return session.url


CALLS: dict[str, Call] = {
    "stat": lambda store: store.stat(PATH),
    "list": listed,
    "delete": lambda store: store.delete(PATH),
    "copy": lambda store: store.copy(PATH, "b"),
    "start": put,
    "open": opened_session,
}


@pytest.mark.parametrize("fault", BUSY, ids=repr)
@pytest.mark.parametrize("operation", ["stat", "list", "delete", "copy", "start", "open"])
async def test_a_call_goes_on_after_what_passes(store: GCSStore, fake: FakeGcs, operation: str, fault: Fault) -> None:
    await put(store)
    fake.faults.counts.clear()
    fake.faults.add(operation, fault, fault)

    await CALLS[operation](store)

    assert fake.faults.counts[operation] == 3


@pytest.mark.parametrize("operation", ["stat", "list", "delete", "copy", "open"])
async def test_a_bucket_that_is_silent_or_refuses_is_unavailable_in_time(
    fake: FakeGcs, clock: ManualClock, operation: str
) -> None:
    store = store_on(fake, clock, asking=0.2, moving=0.2)
    await put(store)
    begun = time.monotonic()

    for fault in (Silent(), Answered(403)):
        fake.faults.counts.clear()
        fake.faults.add(operation, fault)
        with pytest.raises(StorageUnavailable):
            await CALLS[operation](store)
        assert fake.faults.counts[operation] == 1

    assert time.monotonic() - begun < 1.5
    await store.close()


async def test_a_bucket_that_is_gone_or_was_never_there_is_unavailable(store: GCSStore, fake: FakeGcs) -> None:
    fake.bucket.name = "another"

    for call in (*(CALLS[name] for name in ("stat", "list", "delete", "copy", "start", "open")), GCSStore.check):
        with pytest.raises(StorageUnavailable):
            await call(store)


@pytest.mark.parametrize("at", [5, GRANULE - 1, 4 * GRANULE + 5, CHUNK - 1])
async def test_an_upload_that_is_cut_off_goes_on_at_the_last_committed_byte(
    store: GCSStore, fake: FakeGcs, at: int
) -> None:
    fake.faults.add("put", Cut(at), Cut(at))

    made = await store.upload(PATH, stream(LARGE), "video/mp4")

    assert await store.stat(PATH) == made
    assert fake.bucket.get(PATH).data == LARGE
    # Of what came before a cut, no more than a broken granule and what was on its way is sent again.
    assert len(LARGE) <= fake.state.received < len(LARGE) + 2 * (GRANULE + 4 * 65_536)


@pytest.mark.parametrize("fault", BUSY, ids=repr)
async def test_an_upload_asks_how_far_it_is_before_it_sends_anything_again(
    store: GCSStore, fake: FakeGcs, fault: Fault
) -> None:
    fake.faults.add("put", fault)
    fake.faults.add("ask", Answered(503))

    await store.upload(PATH, stream(LARGE), "video/mp4")

    assert fake.bucket.get(PATH).data == LARGE
    assert (fake.faults.counts["put"], fake.faults.counts["ask"]) == (3 if fault == Lost() else 4, 2)


@pytest.mark.parametrize("body", [b"", b"hello", LARGE], ids=len)
async def test_an_upload_whose_last_answer_is_lost_knows_its_own_object(
    store: GCSStore, fake: FakeGcs, body: bytes
) -> None:
    puts = (Lost(),) if len(body) <= CHUNK else (Answered(503), Lost(), Lost(), Lost())
    fake.faults.add("put" if body else "ask", *puts)

    made = await store.upload(PATH, stream(body), "video/mp4", if_absent=True)

    assert fake.bucket.get(PATH).data == body
    assert await store.stat(PATH) == made


async def test_an_upload_that_makes_no_progress_is_given_up_and_its_session_closed(
    fake: FakeGcs, clock: ManualClock
) -> None:
    store = store_on(fake, clock, moving=30)
    fake.faults.add("put", *[Answered(503)] * 1000)

    with pytest.raises(StorageUnavailable):
        await put(store)

    assert 3 < fake.faults.counts["put"] < 50
    assert len(fake.state.sessions) == 0
    assert not await exists(store)
    await store.close()


async def test_an_upload_that_makes_progress_is_not_given_up_however_often_it_is_cut(
    fake: FakeGcs, clock: ManualClock
) -> None:
    store = store_on(fake, clock, moving=1.5)
    # The pauses after so many cuts are about twice that long, by the clock that the attempts believe in.
    fake.faults.add("put", *[Cut(GRANULE + 1)] * 60)

    await store.upload(PATH, stream(LARGE), "video/mp4")

    assert fake.bucket.get(PATH).data == LARGE
    await store.close()


async def test_a_session_that_is_lost_ends_the_upload(store: GCSStore, fake: FakeGcs) -> None:
    fake.faults.add("put", Answered(404))

    with pytest.raises(StorageUnavailable):
        await put(store)

    assert not await exists(store)


async def test_an_upload_that_its_source_breaks_off_leaves_no_session(store: GCSStore, fake: FakeGcs) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield BIG
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.upload(PATH, broken(), "video/mp4")

    assert len(fake.state.sessions) == 0


async def test_a_session_that_can_not_be_closed_now_is_no_error(store: GCSStore, fake: FakeGcs) -> None:
    url = await opened_session(store)
    fake.faults.add("cancel", Answered(503))

    await store.abort_resumable(url)
    await store.abort_resumable("http://127.0.0.1:1/nowhere")


@pytest.mark.parametrize("at", [0, 1, 65_536, 100_000, len(BIG) - 1])
async def test_a_download_that_is_cut_off_goes_on_where_it_was(store: GCSStore, fake: FakeGcs, at: int) -> None:
    await put(store, body=BIG)
    fake.faults.add("read", Cut(at), Answered(503), Cut(at))

    assert await read(store) == BIG
    assert await read(store, start=3, stop=100_001) == BIG[3:100_001]


async def test_a_download_never_mixes_two_generations(store: GCSStore, fake: FakeGcs) -> None:
    await put(store, body=BIG)
    fake.faults.add("read", Cut(70_000))
    opened = await store.open(PATH)
    got = [await anext(opened.chunks)]
    await put(store, body=b"x" * len(BIG))

    with pytest.raises(ObjectNotFound):
        got.extend([chunk async for chunk in opened.chunks])

    assert BIG.startswith(b"".join(got))


async def test_a_deletion_whose_answer_is_lost_is_done(store: GCSStore, fake: FakeGcs) -> None:
    made = await put(store)
    fake.faults.add("delete", Lost())

    await store.delete(PATH, generation=made.generation)

    assert not await exists(store)


async def test_a_deletion_whose_answer_is_lost_spares_what_came_after(store: GCSStore, fake: FakeGcs) -> None:
    made = await put(store)
    fake.faults.add("delete", Answered(503))
    deletion = asyncio.create_task(store.delete(PATH, generation=made.generation))
    newer = await put(store, body=b"newer")

    with pytest.raises(PreconditionFailed):
        await deletion
    assert await store.stat(PATH) == newer


async def test_an_overwritten_source_is_copied_as_it_is_then(store: GCSStore, fake: FakeGcs) -> None:
    await put(store, body=b"old")
    fake.faults.add("copy", Answered(412))

    assert (await store.copy(PATH, "b")).size == 3
    assert fake.faults.counts["copy"] == 2


async def test_somebody_elses_object_is_not_taken_for_ones_own(store: GCSStore, fake: FakeGcs) -> None:
    await put(store, body=b"first")
    fake.faults.add("put", Answered(503), Lost())

    with pytest.raises(ObjectExists):
        await store.upload(PATH, stream(b"mine"), "image/png", if_absent=True)


async def test_a_hundred_uploads_at_once_hold_what_some_dozens_would(store: GCSStore, fake: FakeGcs) -> None:
    count, piece, taken = 100, bytes(GRANULE), 0

    async def source() -> AsyncGenerator[bytes, None]:
        nonlocal taken
        for _ in range(20 * 2**20 // GRANULE):
            taken += GRANULE
            yield piece

    fake.faults.add("put", *[Silent()] * count)
    uploads = [asyncio.create_task(store.upload(f"{PATH}{each}", source(), "video/mp4")) for each in range(count)]
    while fake.faults.counts.get("put", 0) < count:
        await store.check()
    for upload in uploads:
        upload.cancel()
    await asyncio.wait(uploads)

    assert count * GRANULE < taken < 150 * 2**20
    assert len(fake.state.sessions) == 0
