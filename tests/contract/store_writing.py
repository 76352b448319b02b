"""The contract of stores, part one: what becomes of objects that are uploaded, copied and deleted."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from storage.store import MediaObject, ObjectExists, PreconditionFailed, Store
from tests.clock import ManualClock
from tests.contract.store_kit import BIG, PATH, exists, put, read, stream


class WritingContract:
    """Part of `StoreContract`."""

    # upload

    @pytest.mark.parametrize("chunks", [(), (b"",), (b"hel", b"", b"lo"), (BIG, b"!"), (b"x" * 70_000, BIG)])
    async def test_an_object_reads_back_as_the_bytes_that_came_in(
        self, store: Store, chunks: tuple[bytes, ...]
    ) -> None:
        made = await store.upload(PATH, stream(*chunks), "image/png")

        assert await read(store) == b"".join(chunks)
        assert made.size == len(b"".join(chunks))

    async def test_upload_returns_what_stat_returns(self, store: Store) -> None:
        made = await put(store)

        assert await store.stat(PATH) == made

    async def test_an_object_is_described_by_path_size_type_generation_etag_and_time(
        self, store: Store, clock: ManualClock
    ) -> None:
        made = await put(store, body=b"hello")

        assert (made.path, made.size, made.content_type) == (PATH, 5, "image/png")
        assert made.generation
        assert made.etag.strip('"') == made.etag != ""
        assert made.created_at == clock.now

    async def test_nobody_sees_an_object_before_its_last_byte_is_there(self, store: Store) -> None:
        seen: list[tuple[bool, int]] = []

        async def watched() -> AsyncGenerator[bytes, None]:
            for _ in range(3):
                yield BIG
                seen.append((await exists(store), len([item async for item in store.list("media/")])))

        await store.upload(PATH, watched(), "image/png")

        assert seen == [(False, 0)] * 3
        assert await exists(store)

    async def test_an_overwritten_object_is_the_old_one_until_the_new_one_is_whole(self, store: Store) -> None:
        await put(store, body=b"old")
        seen: list[bytes] = []

        async def watched() -> AsyncGenerator[bytes, None]:
            yield b"new"
            seen.append(await read(store))

        await store.upload(PATH, watched(), "image/webp")

        assert seen == [b"old"]
        assert await read(store) == b"new"
        assert (await store.stat(PATH)).content_type == "image/webp"

    async def test_every_write_of_a_path_has_its_own_generation(self, store: Store) -> None:
        generations = [(await put(store, body=body)).generation for body in (b"a", b"a", b"b")]
        await store.delete(PATH)
        generations.append((await put(store, body=b"a")).generation)

        assert len(set(generations)) == 4

    async def test_other_bytes_have_another_etag(self, store: Store) -> None:
        assert (await put(store, body=b"a")).etag != (await put(store, body=b"b")).etag

    async def test_if_absent_makes_a_new_object(self, store: Store) -> None:
        made = await store.upload(PATH, stream(b"new"), "image/png", if_absent=True)

        assert await store.stat(PATH) == made

    async def test_if_absent_leaves_an_existing_object_as_it_was(self, store: Store) -> None:
        before = await put(store, body=b"old")

        with pytest.raises(ObjectExists):
            await store.upload(PATH, stream(b"new"), "image/webp", if_absent=True)

        assert await store.stat(PATH) == before
        assert await read(store) == b"old"

    async def test_if_absent_holds_for_an_object_that_came_during_the_upload(self, store: Store) -> None:
        async def overtaken() -> AsyncGenerator[bytes, None]:
            yield b"late"
            await put(store, body=b"first")

        with pytest.raises(ObjectExists):
            await store.upload(PATH, overtaken(), "image/png", if_absent=True)

        assert await read(store) == b"first"

    async def test_of_concurrent_uploads_with_if_absent_exactly_one_wins(self, store: Store) -> None:
        bodies = [str(number).encode() * 1000 for number in range(5)]
        uploads = [store.upload(PATH, stream(body), "image/png", if_absent=True) for body in bodies]

        results = await asyncio.gather(*uploads, return_exceptions=True)

        winners = [body for body, result in zip(bodies, results, strict=True) if isinstance(result, MediaObject)]
        assert winners == [await read(store)]
        assert sum(isinstance(result, ObjectExists) for result in results) == 4

    async def test_when_the_chunks_raise_nothing_is_stored_and_the_error_passes_through(self, store: Store) -> None:
        async def broken() -> AsyncGenerator[bytes, None]:
            yield BIG
            raise ConnectionResetError("the client went away")

        with pytest.raises(ConnectionResetError, match="went away"):
            await store.upload(PATH, broken(), "image/png")

        assert not await exists(store)

    async def test_when_the_chunks_raise_the_object_from_before_stays(self, store: Store) -> None:
        before = await put(store)

        async def broken() -> AsyncGenerator[bytes, None]:
            yield b"new"
            raise ConnectionResetError("the client went away")

        with pytest.raises(ConnectionResetError):
            await store.upload(PATH, broken(), "image/png")

        assert await store.stat(PATH) == before

    async def test_a_cancelled_upload_stores_nothing(self, store: Store) -> None:
        is_under_way = asyncio.Event()

        async def endless() -> AsyncGenerator[bytes, None]:
            yield b"some"
            is_under_way.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(store.upload(PATH, endless(), "image/png"))
        await is_under_way.wait()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert not await exists(store)

    # copy

    async def test_a_copy_has_the_bytes_and_type_and_its_own_path_and_generation(self, store: Store) -> None:
        source = await put(store, body=BIG)
        target = "media/alice/images/b.png"

        made = await store.copy(PATH, target)

        assert (made.path, made.size, made.content_type) == (target, source.size, source.content_type)
        assert made.generation != source.generation
        assert await store.stat(target) == made
        assert await read(store, target) == BIG
        assert await store.stat(PATH) == source

    async def test_a_copy_replaces_its_target_and_outlives_its_source(self, store: Store) -> None:
        target = "media/alice/images/b.png"
        await put(store, path=target, body=b"old", kind="image/webp")
        await put(store, body=b"new")

        await store.copy(PATH, target)
        await store.delete(PATH)

        assert await read(store, target) == b"new"
        assert (await store.stat(target)).content_type == "image/png"

    # delete

    async def test_a_deleted_object_is_gone_and_deleting_it_again_is_no_error(self, store: Store) -> None:
        await put(store)

        await store.delete(PATH)
        await store.delete(PATH)
        await store.delete(PATH, generation="1")

        assert not await exists(store)

    async def test_delete_removes_the_generation_that_it_names(self, store: Store) -> None:
        made = await put(store)

        await store.delete(PATH, generation=made.generation)

        assert not await exists(store)

    async def test_delete_refuses_another_generation_than_it_names(self, store: Store) -> None:
        old = await put(store, body=b"old")
        new = await put(store, body=b"new")

        with pytest.raises(PreconditionFailed):
            await store.delete(PATH, generation=old.generation)

        assert await store.stat(PATH) == new
