"""The contract of stores, part two: what is read and listed, and what a store says of itself."""

import asyncio

import pytest

from storage.store import ObjectNotFound, RangeNotSatisfiable, Store
from tests.contract.store_kit import BIG, PATH, close, put, read


class ReadingContract:
    """Part of `StoreContract`."""

    # stat, open

    async def test_stat_and_open_and_copy_raise_object_not_found(self, store: Store) -> None:
        await put(store, path=PATH + ".more")

        with pytest.raises(ObjectNotFound):
            await store.stat(PATH)
        with pytest.raises(ObjectNotFound):
            await store.open(PATH)
        with pytest.raises(ObjectNotFound):
            await store.copy(PATH, "media/alice/images/b.png")

    @pytest.mark.parametrize("path", ["media/a|b@c:d/0192/caf\u00e9 写真.png", "media/a/x+y~z/100%41#?&.png"])
    async def test_a_path_is_taken_literally(self, store: Store, path: str) -> None:
        await put(store, path=path, body=b"here")

        assert (await store.stat(path)).path == path
        assert await read(store, path) == b"here"
        assert [item.path async for item in store.list(path)] == [path]

    async def test_open_describes_the_object_and_the_range(self, store: Store) -> None:
        made = await put(store, body=b"0123456789")

        opened = await store.open(PATH, start=2, stop=5)

        assert opened.object == made
        assert (opened.start, opened.stop) == (2, 5)
        await close(opened)

    @pytest.mark.parametrize(
        ("start", "stop"),
        [
            (0, 1),
            (65_535, 65_537),
            (65_536, 131_072),
            (100_000, None),
            (179_199, 179_200),
            (5, 10**12),
            (0, None),
        ],
    )
    async def test_open_yields_exactly_the_range(self, store: Store, start: int, stop: int | None) -> None:
        await put(store, body=BIG)

        assert await read(store, PATH, start, stop) == BIG[start:stop]
        assert (await store.open(PATH, start=start, stop=stop)).stop == min(stop or len(BIG), len(BIG))

    @pytest.mark.parametrize("start", [5, 6, 10**12])
    async def test_open_refuses_a_start_at_or_behind_the_end(self, store: Store, start: int) -> None:
        await put(store, body=b"hello")

        with pytest.raises(RangeNotSatisfiable):
            await store.open(PATH, start=start)

    async def test_an_empty_object_opens_from_its_beginning_only(self, store: Store) -> None:
        await put(store, body=b"")

        assert await read(store) == b""
        with pytest.raises(RangeNotSatisfiable):
            await store.open(PATH, start=1)

    @pytest.mark.parametrize("change", ["overwrite", "delete"])
    async def test_a_reader_keeps_the_generation_that_it_opened(self, store: Store, change: str) -> None:
        await put(store, body=BIG)
        opened = await store.open(PATH)
        first = await anext(opened.chunks)

        if change == "overwrite":
            await put(store, body=b"new" * 100_000)
        else:
            await store.delete(PATH)

        assert first + b"".join([chunk async for chunk in opened.chunks]) == BIG

    async def test_a_reader_that_does_not_want_the_rest_closes_the_chunks(self, store: Store) -> None:
        await put(store, body=BIG)
        opened = await store.open(PATH)
        await anext(opened.chunks)

        await close(opened)

        assert [chunk async for chunk in opened.chunks] == []
        assert await read(store) == BIG

    async def test_many_readers_have_the_same_object_at_once(self, store: Store) -> None:
        await put(store, body=BIG)

        assert await asyncio.gather(*(read(store) for _ in range(5))) == [BIG] * 5

    # list

    async def test_list_yields_what_starts_with_the_prefix_by_path(self, store: Store) -> None:
        inside = ["media/alice/b", "media/alice/a/z", "media/alice/a", "media/alice/é", "media/alice/B"]
        for path in [*inside, "media/alice2/a", "media/bob/a", "derivatives/alice/a"]:
            await put(store, path=path)

        listed = [item async for item in store.list("media/alice/")]

        assert [item.path for item in listed] == sorted(inside)
        assert listed == [await store.stat(path) for path in sorted(inside)]

    async def test_list_takes_any_prefix_and_may_find_nothing(self, store: Store) -> None:
        for path in ("media/a/images/1_0.png", "media/a/images/1_1.png", "media/a/images/12_0.png"):
            await put(store, path=path)

        assert len([item async for item in store.list("media/a/images/1_")]) == 2
        assert len([item async for item in store.list("")]) == 3
        assert [item async for item in store.list("media/nobody/")] == []

    async def test_list_goes_through_any_number_of_objects(self, store: Store) -> None:
        names = [f"media/alice/{number:04}" for number in range(60)]
        for name in names:
            await put(store, path=name, body=b"")

        assert [item.path async for item in store.list("media/alice/")] == names

    async def test_what_list_yields_may_be_deleted_while_it_goes_on(self, store: Store) -> None:
        for number in range(20):
            await put(store, path=f"media/alice/{number}")

        async for item in store.list("media/alice/"):
            await store.delete(item.path, generation=item.generation)

        assert [item async for item in store.list("")] == []

    # the store itself

    async def test_a_store_says_how_much_an_object_may_have_and_whether_it_lasts(self, store: Store) -> None:
        assert store.max_object_bytes > 0
        assert store.is_ephemeral in {True, False}

    async def test_a_store_that_can_serve_passes_its_check(self, store: Store) -> None:
        await store.check()

    async def test_close_may_be_called_again(self, store: Store) -> None:
        await store.close()
        await store.close()
