"""The contract of stores, part three: what signed URLs let through, and what they refuse."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from storage.store import Store
from tests.clock import ManualClock
from tests.contract.store_kit import BIG, PATH, Send, exists, presign, put, read


class SignedUrlContract:
    """Part of `StoreContract`."""

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
