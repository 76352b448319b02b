"""The store of files: the contract of all stores, and what it promises beyond."""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from storage.file_objects import FORGOTTEN_SECONDS, SMALL_BYTES, Draft, FileObjects
from storage.file_tree import Tree
from storage.files import FileStore
from storage.resumable import PutHeaders
from storage.signing import SessionGrant, UrlSigner
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.store import StorageError, StorageUnavailable
from tests.contract.http_side import HttpSide
from tests.contract.session_client import BODY, SIZE, Uploader, start
from tests.contract.store_resumable import ResumableContract
from tests.contract.stores import PATH, ManualClock, Send, StoreContract, exists, put, read

LARGE = b"x" * SMALL_BYTES
BASE = "http://127.0.0.1:8080/storage"


def make_signer(clock: ManualClock) -> UrlSigner:
    return UrlSigner(b"k" * 32, BASE, clock)


def make_store(directory: Path, clock: ManualClock | None = None, small_bytes: int = SMALL_BYTES) -> FileStore:
    clock = clock or ManualClock()
    return FileStore(directory, make_signer(clock), clock=clock, small_bytes=small_bytes)


def files_below(directory: Path, *but: str) -> list[str]:
    """The files that are there, locks and checks aside."""
    return sorted(
        str(file.relative_to(directory))
        for file in directory.rglob("*")
        if file.is_file() and file.relative_to(directory).parts[0] not in {"locks", "checks", *but}
    )


def make_old(directory: Path, *, but: str) -> None:
    """Put drafts and notes back in time."""
    old = directory.stat().st_mtime - FORGOTTEN_SECONDS - 1
    for file in [*directory.glob("drafts/*"), *directory.glob("notes/*")]:
        if file.name != but:
            os.utime(file, (old, old))


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[FileStore]:
    opened = make_store(tmp_path / "store", clock)
    yield opened
    await opened.close()


@pytest.mark.parametrize("small_bytes", [SMALL_BYTES, 0], ids=["one file each", "two files each"])
class TestFileStore(StoreContract, ResumableContract):
    @pytest.fixture
    async def store(self, tmp_path: Path, clock: ManualClock, small_bytes: int) -> AsyncIterator[FileStore]:
        opened = make_store(tmp_path / "store", clock, small_bytes)
        yield opened
        await opened.close()

    @pytest.fixture
    def send(self, store: FileStore, clock: ManualClock) -> Send:
        return HttpSide(store, make_signer(clock), clock)


async def test_objects_outlive_the_store_that_took_them(tmp_path: Path, clock: ManualClock) -> None:
    first = make_store(tmp_path, clock)
    made = await put(first)
    await first.close()

    second = make_store(tmp_path, clock)

    assert not second.is_ephemeral
    assert await second.stat(PATH) == made
    assert await read(second) == b"hello"
    await second.close()


async def test_two_stores_on_one_directory_are_one(tmp_path: Path, clock: ManualClock) -> None:
    one, other = make_store(tmp_path, clock), make_store(tmp_path, clock)
    session = await start(one)
    here, there = (Uploader(HttpSide(each, make_signer(clock), clock), session) for each in (one, other))

    assert (await here.chunk(0, GRANULE)).status == 308
    assert await there.committed() == GRANULE
    assert (await there.go_on()).status == 200

    assert await read(one) == await read(other) == BODY
    await one.close()
    await other.close()


async def test_a_sender_that_another_process_took_over_from_commits_nothing_more(
    tmp_path: Path, clock: ManualClock
) -> None:
    one, other = make_store(tmp_path, clock), make_store(tmp_path, clock)
    session = await start(one)
    there = Uploader(HttpSide(other, make_signer(clock), clock), session)
    path = session.url.split("/storage/")[1].split("?")[0]
    grant = make_signer(clock).verify(
        "PUT", path, dict(pair.split("=") for pair in session.url.split("?")[1].split("&")), {}, clock()
    )

    async def slow() -> AsyncGenerator[bytes, None]:
        yield b"x" * GRANULE
        assert (await there.go_on()).status == 200
        yield b"y" * (SIZE - GRANULE)

    assert isinstance(grant, SessionGrant)
    with pytest.raises(StorageError):
        await one.put_session(grant, PutHeaders(f"bytes 0-{SIZE - 1}/{SIZE}", SIZE, "video/mp4"), slow())

    assert await read(one) == BODY
    await one.close()
    await other.close()


async def test_no_link_leads_out_of_the_directory(tmp_path: Path, store: FileStore) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    await put(store, "media/alice/images/a.png")
    folder = tmp_path / "store" / "meta" / "media+" / "alice+"
    (folder / "linked+").symlink_to(outside)
    (folder / "b.png").symlink_to(folder / "images+" / "a.png")

    for path in ("media/alice/linked/c.png", "media/alice/b.png"):
        with pytest.raises(StorageUnavailable):
            await read(store, path)
    with pytest.raises(StorageUnavailable):
        await put(store, "media/alice/linked/c.png")

    assert list(outside.iterdir()) == []
    assert [each.path async for each in store.list("media/alice/l")] == []


async def test_an_object_may_lie_beside_a_folder_of_its_name(store: FileStore) -> None:
    for path in ("a", "a/b", "a+", "a+/b", "a.png", ".hidden", "100%"):
        await put(store, path, path.encode())

    assert [each.path async for each in store.list("")] == sorted(
        ["a", "a/b", "a+", "a+/b", "a.png", ".hidden", "100%"]
    )
    assert await read(store, "a+/b") == b"a+/b"


async def test_a_copy_shares_the_bytes_on_the_disk(tmp_path: Path, store: FileStore) -> None:
    await put(store, "a", LARGE)
    await store.copy("a", "b")
    await store.delete("a")

    [blob] = (tmp_path / "store" / "blobs").rglob("????????????????????????????????")

    assert blob.stat().st_nlink == 1
    assert await read(store, "b") == LARGE


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations([b"", b"a\nb", b"hello", LARGE], 2)))
async def test_what_replaces_an_object_may_have_another_size(
    tmp_path: Path, store: FileStore, before: bytes, after: bytes
) -> None:
    await put(store, PATH, before)
    earlier = await store.open(PATH)
    made = await put(store, PATH, after)
    await store.copy(PATH, "b")

    assert b"".join([chunk async for chunk in earlier.chunks]) == before
    assert await store.stat(PATH) == made
    assert await read(store) == await read(store, "b") == after
    assert len(files_below(tmp_path / "store")) == (2 if len(after) < SMALL_BYTES else 4)


async def test_nothing_is_left_of_what_was_deleted_replaced_or_given_up(tmp_path: Path, store: FileStore) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise ConnectionResetError

    await put(store)
    await put(store)
    await store.delete(PATH)
    with pytest.raises(ConnectionResetError):
        await store.upload(PATH, broken(), "image/png")
    session = await start(store)
    await store.abort_resumable(session.url)

    assert files_below(tmp_path / "store") == []
    assert not list((tmp_path / "store" / "meta").iterdir())


async def test_a_note_that_a_power_cut_emptied_removes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    store = make_store(tmp_path, clock)
    made = await put(store)
    Tree(tmp_path).jot(["notes"], made.generation, b"")
    make_old(tmp_path, but="")

    await store.tidy()

    assert await read(store) == b"hello"
    assert not list((tmp_path / "notes").iterdir())
    await store.close()


async def test_what_a_crash_left_is_tidied_up_and_what_is_at_work_stays(tmp_path: Path, clock: ManualClock) -> None:
    store = make_store(tmp_path, clock, small_bytes=0)
    made = await put(store)
    tree = Tree(tmp_path)
    objects = FileObjects(tree, clock)
    Draft(objects).finish()
    lost, young = Draft(objects), Draft(objects)
    # As if the process had ended between the bytes and the description.
    generation = lost.finish().generation
    tree.write(["notes"], generation, b"media/alice/images/lost.png\n")
    objects._move_draft(generation)
    tree.write(["notes"], made.generation, f"{PATH}\n".encode())
    make_old(tmp_path, but=young.generation)

    await store.tidy()

    assert {Path(file).name for file in files_below(tmp_path)} == {"a.png", made.generation, young.generation}
    assert await read(store) == b"hello"
    young.discard()
    tree.close()
    await store.close()


async def test_a_full_or_missing_disk_is_said_to_be(tmp_path: Path, store: FileStore) -> None:
    await store.check()
    await store.close()

    with pytest.raises(StorageUnavailable):
        await store.check()
    with pytest.raises(StorageUnavailable):
        await exists(store)


async def test_a_large_object_costs_no_memory_to_speak_of(store: FileStore) -> None:
    async def produced() -> AsyncGenerator[bytes, None]:
        for _ in range(64):
            yield b"x" * GRANULE
            await asyncio.sleep(0)

    made = await store.upload(PATH, produced(), "video/mp4")
    opened = await store.open(PATH)
    sizes = [len(chunk) async for chunk in opened.chunks]

    assert made.size == sum(sizes) == 64 * GRANULE
    assert max(sizes) <= GRANULE


async def test_a_signed_url_makes_no_second_object_after_the_first_was_removed(
    store: FileStore, clock: ManualClock
) -> None:
    presigned = await store.upload_presigned(PATH, "image/png", min_bytes=1, max_bytes=10, expires_in=900)
    send = HttpSide(store, make_signer(clock), clock)
    assert (await send("PUT", presigned.url, headers=presigned.headers, body=b"first")).status == 201
    await store.delete(PATH)

    assert (await send("PUT", presigned.url, headers=presigned.headers, body=b"second")).is_refusal
    assert not await exists(store)
