"""The contract of `storage.store.Store`: one suite that every implementation passes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from storage.store import (
    MediaObject,
    ObjectExists,
    ObjectNotFound,
    OpenObject,
    PreconditionFailed,
    PresignedUpload,
    RangeNotSatisfiable,
    Store,
)

PATH = "media/alice/images/a.png"
BIG = bytes(range(256)) * 700  # 175 KiB: more than one chunk of any implementation


@dataclass
class ManualClock:
    """A clock that stands still until it is told to go on."""

    now: datetime = datetime(2025, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Answer:
    """What came back for an HTTP request; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_refusal(self) -> bool:
        return 400 <= self.status < 500


class Send(Protocol):
    """Sends one HTTP request to wherever the store's signed URLs lead."""

    async def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer: ...


async def stream(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def put(store: Store, path: str = PATH, body: bytes = b"hello", kind: str = "image/png") -> MediaObject:
    return await store.upload(path, stream(body), kind)


async def read(store: Store, path: str = PATH, start: int = 0, stop: int | None = None) -> bytes:
    opened = await store.open(path, start=start, stop=stop)
    return b"".join([chunk async for chunk in opened.chunks])


async def close(opened: OpenObject) -> None:
    await opened.chunks.aclose()


async def exists(store: Store, path: str = PATH) -> bool:
    try:
        await store.stat(path)
    except ObjectNotFound:
        return False
    return True


async def presign(store: Store, least: int = 1, most: int = 10) -> PresignedUpload:
    return await store.upload_presigned(PATH, "image/png", min_bytes=least, max_bytes=most, expires_in=900)


class StoreContract:
    """Subclass it as `Test…` and supply two fixtures: `store`, empty and on `clock`, and `send`."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

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

    # upload_presigned

    async def test_a_presigned_upload_says_where_how_until_when_and_how_much(
        self, store: Store, clock: ManualClock
    ) -> None:
        presigned = await presign(store)

        assert urlsplit(presigned.url).scheme in {"http", "https"}
        assert presigned.method == "PUT"
        assert presigned.headers["Content-Type"] == "image/png"
        assert presigned.expires_at == clock.now + timedelta(seconds=900)
        assert presigned.max_bytes == 10

    @pytest.mark.parametrize("size", [1, 10])
    async def test_a_presigned_url_takes_one_put_with_its_headers(self, store: Store, send: Send, size: int) -> None:
        presigned = await presign(store, least=1, most=10)

        answer = await send("PUT", presigned.url, headers=presigned.headers, body=b"x" * size)

        assert 200 <= answer.status < 300
        assert await read(store) == b"x" * size
        assert (await store.stat(PATH)).content_type == "image/png"

    @pytest.mark.parametrize("size", [1, 11])
    async def test_a_presigned_url_refuses_another_size_and_is_not_used_up_by_it(
        self, store: Store, send: Send, size: int
    ) -> None:
        presigned = await presign(store, least=2, most=10)

        refused = await send("PUT", presigned.url, headers=presigned.headers, body=b"x" * size)
        was_stored = await exists(store)
        accepted = await send("PUT", presigned.url, headers=presigned.headers, body=b"xx")

        assert refused.is_refusal
        assert not was_stored
        assert 200 <= accepted.status < 300

    @pytest.mark.parametrize("dropped", [True, False])
    async def test_a_presigned_url_refuses_any_changed_or_missing_header(
        self, store: Store, send: Send, *, dropped: bool
    ) -> None:
        presigned = await presign(store)

        for name in presigned.headers:
            others = {other: value for other, value in presigned.headers.items() if other != name}
            headers = others if dropped else {**others, name: presigned.headers[name] + "0"}
            assert (await send("PUT", presigned.url, headers=headers, body=b"hello")).is_refusal

        assert not await exists(store)

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    async def test_a_presigned_url_refuses_another_method(self, store: Store, send: Send, method: str) -> None:
        presigned = await presign(store)

        assert (await send(method, presigned.url, headers=presigned.headers, body=b"hello")).is_refusal
        assert not await exists(store)

    async def test_a_presigned_url_is_good_for_its_own_path_only(self, store: Store, send: Send) -> None:
        presigned = await presign(store)
        altered = presigned.url.replace("a.png", "b.png")

        assert (await send("PUT", altered, headers=presigned.headers, body=b"hello")).is_refusal
        assert [item async for item in store.list("media/")] == []

    async def test_a_presigned_url_refuses_a_second_object_at_the_path(self, store: Store, send: Send) -> None:
        presigned = await presign(store)
        await send("PUT", presigned.url, headers=presigned.headers, body=b"first")

        answer = await send("PUT", presigned.url, headers=presigned.headers, body=b"second")

        assert answer.is_refusal
        assert await read(store) == b"first"

    async def test_of_concurrent_puts_to_one_presigned_url_exactly_one_wins(self, store: Store, send: Send) -> None:
        presigned = await presign(store)
        bodies = [b"a", b"bb", b"ccc"]

        answers = await asyncio.gather(
            *(send("PUT", presigned.url, headers=presigned.headers, body=body) for body in bodies)
        )

        winners = [body for body, answer in zip(bodies, answers, strict=True) if not answer.is_refusal]
        assert winners == [await read(store)]

    async def test_a_presigned_url_expires(self, store: Store, send: Send, clock: ManualClock) -> None:
        presigned = await presign(store)
        clock.advance(901)

        assert (await send("PUT", presigned.url, headers=presigned.headers, body=b"hello")).is_refusal
        assert not await exists(store)

    # get_url

    @pytest.mark.parametrize("path", [PATH, "media/a|b@c:d/0192/caf\u00e9 写真.png", "media/a/100%41#?&.png"])
    async def test_a_signed_url_reads_the_object(self, store: Store, send: Send, path: str) -> None:
        await put(store, path=path, body=BIG)

        url = await store.get_url(path, expires_in=60)
        answer = await send("GET", url)

        assert urlsplit(url).netloc
        assert (answer.status, answer.body) == (200, BIG)
        assert answer.headers["content-type"] == "image/png"
        assert "content-disposition" not in answer.headers

    async def test_a_signed_url_with_a_filename_answers_with_an_attachment(self, store: Store, send: Send) -> None:
        await put(store)

        answer = await send("GET", await store.get_url(PATH, expires_in=60, filename="cat.png"))

        assert answer.headers["content-disposition"].startswith("attachment")
        assert "cat.png" in answer.headers["content-disposition"]

    async def test_a_signed_url_expires(self, store: Store, send: Send, clock: ManualClock) -> None:
        await put(store)
        url = await store.get_url(PATH, expires_in=60)

        clock.advance(59)
        in_time = await send("GET", url)
        clock.advance(2)
        too_late = await send("GET", url)

        assert in_time.status == 200
        assert too_late.is_refusal

    async def test_a_signed_url_is_good_for_its_own_path_only(self, store: Store, send: Send) -> None:
        await put(store)
        await put(store, path=PATH.replace("a.png", "b.png"))
        url = await store.get_url(PATH, expires_in=60)

        assert (await send("GET", url.replace("a.png", "b.png"))).is_refusal

    async def test_signing_does_not_look_whether_the_object_exists(self, store: Store, send: Send) -> None:
        url = await store.get_url(PATH, expires_in=60)

        before = await send("GET", url)
        await put(store)
        after = await send("GET", url)

        assert (before.status, after.status) == (404, 200)

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
