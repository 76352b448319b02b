"""Storing outputs: what an earlier attempt left is replaced, and what a later one stored is not."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from actors.children import ChildPool
from actors.ledger import Ledger
from actors.middleware.progress import ProgressReporter
from actors.outputs import OutputShelf
from actors.screen import Screen
from actors.work import Run
from storage.memory import MemoryStore
from storage.signing import UrlSigner
from storage.store import MediaObject, ObjectExists, StorageFull
from tests.clock import ManualClock
from tests.factories import chunks_of, paths_in, put
from tests.unit.actors.fakes import FakeLeases, FakePreviews, make_lease

PATH = "media/alice/images/job_0.png"


class LateStore(MemoryStore):
    """Says only behind the last byte that there is an object already, as a bucket does."""

    def _check_absent(self, path: str, *, asked: bool) -> None:
        if self.is_read_to_its_end:
            super()._check_absent(path, asked=asked)

    is_read_to_its_end = False

    async def upload(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, *, if_absent: bool = False
    ) -> MediaObject:
        async def to_the_end() -> AsyncIterator[bytes]:
            async for chunk in chunks:
                yield chunk
            self.is_read_to_its_end = True

        self.is_read_to_its_end = False
        return await super().upload(path, to_the_end(), content_type, if_absent=if_absent)


class OvertakenStore(MemoryStore):
    """Lets a winner store its output just before somebody else's removal arrives."""

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        await super().delete(path)
        await super().upload(path, chunks_of(b"the winner's"), "image/png")
        await super().delete(path, generation=generation)


def make(kind: type[MemoryStore], clock: ManualClock) -> MemoryStore:
    signer = UrlSigner(b"k" * 32, "http://media.test/storage", clock)
    return kind(signer, max_total_bytes=2**20, clock=clock)


@pytest.fixture(params=[MemoryStore, LateStore], ids=["early", "late"])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> MemoryStore:
    return make(request.param, clock)


@pytest.fixture
def shelf(store: MemoryStore, clock: ManualClock) -> OutputShelf:
    return OutputShelf(store, ChildPool(limit=1), clock)


def make_run(scratch: Path, holds_lease: Callable[[], bool] = lambda: True) -> Run:
    lease, leases = make_lease(), FakeLeases()
    return Run(lease.job, ProgressReporter(leases, Screen(FakePreviews())), scratch, holds_lease, Ledger(leases, lease))


async def body_of(store: MemoryStore, path: str = PATH) -> bytes:
    opened = await store.open(path)
    return b"".join([chunk async for chunk in opened.chunks])


async def store_anew(shelf: OutputShelf, run: Run, body: bytes) -> MediaObject:
    return await shelf.store_anew(run, PATH, lambda: chunks_of(body), "image/png")


async def test_an_output_is_stored_at_its_path(shelf: OutputShelf, store: MemoryStore, tmp_path: Path) -> None:
    stored = await store_anew(shelf, make_run(tmp_path), b"new")

    assert (stored.path, stored.size) == (PATH, 3)
    assert await body_of(store) == b"new"


async def test_what_an_earlier_attempt_left_is_replaced(shelf: OutputShelf, store: MemoryStore, tmp_path: Path) -> None:
    await put(store, PATH, b"left behind")

    await store_anew(shelf, make_run(tmp_path), b"new")

    assert await body_of(store) == b"new"
    assert await paths_in(store) == [PATH]


async def test_a_worker_that_lost_its_lease_does_not_replace_what_the_winner_stored(
    shelf: OutputShelf, store: MemoryStore, tmp_path: Path
) -> None:
    await put(store, PATH, b"the winner's")

    with pytest.raises(ObjectExists):
        await store_anew(shelf, make_run(tmp_path, lambda: False), b"the zombie's")

    assert await body_of(store) == b"the winner's"


async def test_a_worker_that_stood_still_before_its_removal_spares_what_was_stored_meanwhile(
    clock: ManualClock, tmp_path: Path
) -> None:
    store = make(OvertakenStore, clock)
    await put(store, PATH, b"left behind")

    with pytest.raises(ObjectExists):
        await store_anew(OutputShelf(store, ChildPool(limit=1), clock), make_run(tmp_path), b"the zombie's")

    assert await body_of(store) == b"the winner's"


async def test_a_store_without_room_says_so(shelf: OutputShelf, store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        await store_anew(shelf, make_run(tmp_path), b"x" * (2**20 + 1))

    assert await paths_in(store) == []
