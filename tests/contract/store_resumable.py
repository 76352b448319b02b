"""The contract of stores, part four: upload sessions in Google's protocol, as any client of theirs may use them."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.store import Store
from tests.clock import ManualClock
from tests.contract.session_client import BODY, IS_OVER, SIZE, Uploader, committed_by, start
from tests.contract.store_kit import PATH, Send, exists, put, read


class ResumableContract:
    """Part of `StoreContract`."""

    async def test_a_session_says_where_how_at_least_until_when_and_how_much(
        self, store: Store, clock: ManualClock
    ) -> None:
        session = await start(store, most=SIZE)

        assert urlsplit(session.url).scheme in {"http", "https"}
        assert (session.method, session.headers) == ("PUT", {"Content-Type": "video/mp4"})
        assert session.expires_at >= clock.now + timedelta(seconds=900)
        assert session.max_bytes == SIZE

    async def test_bounds_that_no_size_satisfies_are_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match="bounds"):
            await start(store, least=5, most=4)

    async def test_chunks_are_acknowledged_by_308_and_range_and_the_last_by_200(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))

        first = await client.chunk(0, GRANULE)
        second = await client.chunk(GRANULE, 2 * GRANULE)
        last = await client.chunk(2 * GRANULE, SIZE)

        assert (first.status, first.headers["range"]) == (308, f"bytes=0-{GRANULE - 1}")
        assert (second.status, second.headers["range"]) == (308, f"bytes=0-{2 * GRANULE - 1}")
        assert last.status == 200
        assert await read(store) == BODY
        assert (await store.stat(PATH)).content_type == "video/mp4"

    async def test_the_total_may_be_unknown_until_the_last_chunk(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))

        assert (await client.chunk(0, GRANULE, "*")).status == 308
        assert (await client.chunk(GRANULE, 2 * GRANULE, "*")).status == 308
        assert (await client.chunk(2 * GRANULE, SIZE)).status == 200
        assert await read(store) == BODY

    async def test_a_total_that_is_learned_behind_the_last_chunk_completes_the_upload(
        self, store: Store, send: Send
    ) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE, "*")

        assert (await client.ask(GRANULE)).status == 200
        assert await read(store) == BODY[:GRANULE]

    @pytest.mark.parametrize("size", [1, GRANULE, SIZE])
    async def test_one_plain_put_sends_all(self, store: Store, send: Send, size: int) -> None:
        client = Uploader(send, await start(store), BODY[:size])

        assert (await client.whole()).status == 200
        assert await read(store) == BODY[:size]

    async def test_an_empty_object_is_complete_when_its_total_is_said(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store, least=0))

        assert (await client.ask(0)).status == 200
        assert await read(store) == b""

    async def test_nobody_sees_the_object_before_it_is_whole(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))

        await client.chunk(0, 2 * GRANULE)

        assert not await exists(store)
        assert [item async for item in store.list("")] == []

    @pytest.mark.parametrize("total", ["*", SIZE])
    async def test_a_status_query_tells_what_is_committed(self, store: Store, send: Send, total: int | str) -> None:
        client = Uploader(send, await start(store))

        before = await client.ask(total)
        await client.chunk(0, GRANULE)
        midway = await client.ask(total)
        await client.chunk(GRANULE, SIZE)
        after = [await client.ask(total), await client.ask(total)]

        assert (before.status, before.headers.get("range")) == (308, None)
        assert (midway.status, midway.headers["range"]) == (308, f"bytes=0-{GRANULE - 1}")
        assert [answer.status for answer in after] == [200, 200]

    # again, in the wrong place, of the wrong size

    async def test_bytes_that_come_again_change_nothing(self, store: Store, send: Send) -> None:
        session = await start(store)
        client, other = Uploader(send, session), Uploader(send, session, b"x" * SIZE)
        await client.chunk(0, GRANULE)

        again = await other.chunk(0, GRANULE)
        await client.go_on()

        assert (again.status, committed_by(again)) == (308, GRANULE)
        assert await read(store) == BODY

    async def test_a_chunk_may_begin_inside_of_what_is_committed(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE)

        assert (await client.chunk(0, SIZE)).status == 200
        assert await read(store) == BODY

    async def test_a_chunk_behind_what_is_committed_is_not_taken(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE)

        answer = await client.chunk(2 * GRANULE, SIZE)

        assert answer.is_refusal or committed_by(answer) == GRANULE
        assert await client.committed() == GRANULE
        assert (await client.go_on()).status == 200
        assert await read(store) == BODY

    @pytest.mark.parametrize("size", [1, GRANULE - 1, GRANULE + 1])
    async def test_of_a_chunk_that_ends_between_granules_no_more_than_whole_ones_are_committed(
        self, store: Store, send: Send, size: int
    ) -> None:
        client = Uploader(send, await start(store))

        answer = await client.chunk(0, size)

        assert answer.is_refusal or answer.status == 308
        assert await client.committed() in {0, size // GRANULE * GRANULE}
        assert (await client.go_on()).status == 200
        assert await read(store) == BODY

    @pytest.mark.parametrize("total", [SIZE - 1, SIZE + 1])
    async def test_a_total_that_changes_is_refused(self, store: Store, send: Send, total: int) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE)

        assert (await client.chunk(GRANULE, 2 * GRANULE, total)).is_refusal
        assert (await client.go_on()).status == 200
        assert await read(store) == BODY

    async def test_a_total_above_the_bound_is_refused(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store, most=SIZE - 1))

        assert (await client.chunk(0, GRANULE)).status in {400, 413}
        assert (await client.whole()).status in {400, 413}
        assert not await exists(store)

    async def test_a_total_below_the_bound_is_refused_and_does_not_use_the_session_up(
        self, store: Store, send: Send
    ) -> None:
        client = Uploader(send, await start(store, least=SIZE))
        await client.chunk(0, GRANULE, "*")

        assert (await client.chunk(GRANULE, SIZE - 1, SIZE - 1)).is_refusal
        assert (await client.ask(GRANULE)).is_refusal
        assert not await exists(store)
        assert (await client.go_on()).status == 200

    @pytest.mark.parametrize(
        "content_range",
        [
            "bytes",
            "bytes 5-4/10",
            "bytes 0-9/9",
            "bytes -5/10",
            "bytes 0-/10",
            "items 0-4/5",
            "bytes 0-4/5, bytes 0-4/5",
        ],
    )
    async def test_a_content_range_that_makes_no_sense_is_refused(
        self, store: Store, send: Send, content_range: str
    ) -> None:
        client = Uploader(send, await start(store))

        assert (await client.raw(content_range, b"hello")).is_refusal
        assert await client.committed() == 0

    async def test_the_content_type_is_the_sessions_whatever_a_put_says(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))

        other = await client.chunk(0, SIZE, **{"Content-Type": "text/html"})
        if other.is_refusal:
            await client.go_on()

        assert (await store.stat(PATH)).content_type == "video/mp4"

    # only one object

    async def test_a_session_makes_no_second_object(self, store: Store, send: Send) -> None:
        before = await put(store, body=b"first")
        client = Uploader(send, await start(store))

        assert (await client.whole()).is_refusal
        assert await store.stat(PATH) == before

    async def test_an_object_that_came_during_the_upload_stays(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE)
        before = await put(store, body=b"first")

        assert (await client.chunk(GRANULE, SIZE)).is_refusal
        assert await store.stat(PATH) == before

    async def test_after_completion_nothing_that_is_sent_changes_the_object(self, store: Store, send: Send) -> None:
        session = await start(store)
        await Uploader(send, session).whole()
        made = await store.stat(PATH)
        other = Uploader(send, session, b"x" * SIZE)

        for answer in (await other.whole(), await other.chunk(GRANULE, SIZE), await other.cancel()):
            assert answer.is_refusal or answer.status == 200

        assert await store.stat(PATH) == made
        assert await read(store) == BODY

    async def test_of_two_sessions_for_one_path_one_makes_the_object(self, store: Store, send: Send) -> None:
        bodies = [BODY, b"x" * SIZE]
        clients = [Uploader(send, await start(store), body) for body in bodies]

        answers = await asyncio.gather(*(client.whole() for client in clients))

        winners = [body for body, answer in zip(bodies, answers, strict=True) if answer.status == 200]
        assert winners == [await read(store)]

    async def test_two_puts_at_once_do_no_harm(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE)

        answers = await asyncio.gather(*(client.chunk(GRANULE, 2 * GRANULE) for _ in range(3)))

        assert 308 in {answer.status for answer in answers}
        assert all(answer.is_refusal or committed_by(answer) == 2 * GRANULE for answer in answers)
        assert (await client.go_on()).status == 200
        assert await read(store) == BODY

    # the end

    async def test_delete_cancels_a_session_for_good(self, store: Store, send: Send) -> None:
        client = Uploader(send, await start(store))
        await client.chunk(0, GRANULE)

        assert (await client.cancel()).status == 499
        assert (await client.ask()).status in IS_OVER
        assert (await client.chunk(GRANULE, SIZE)).status in IS_OVER
        assert not await exists(store)

    async def test_an_aborted_session_is_over_and_aborting_it_again_is_no_error(self, store: Store, send: Send) -> None:
        session = await start(store)
        client = Uploader(send, session)
        await client.chunk(0, GRANULE)

        await store.abort_resumable(session.url)
        await store.abort_resumable(session.url)

        assert (await client.ask()).status in IS_OVER
        assert (await client.whole()).status in IS_OVER
        assert not await exists(store)

    async def test_aborting_a_session_that_is_complete_leaves_its_object(self, store: Store, send: Send) -> None:
        session = await start(store)
        await Uploader(send, session).whole()

        await store.abort_resumable(session.url)

        assert await read(store) == BODY

    async def test_a_session_expires(self, store: Store, send: Send, clock: ManualClock) -> None:
        session = await start(store)
        client = Uploader(send, session)
        await client.chunk(0, GRANULE)

        clock.now = session.expires_at + timedelta(seconds=1)

        assert (await client.chunk(GRANULE, SIZE)).status in IS_OVER
        assert (await client.ask()).status in IS_OVER
        await store.abort_resumable(session.url)
        assert not await exists(store)

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    async def test_an_altered_url_is_refused(self, store: Store, send: Send, method: str) -> None:
        session = await start(store)

        answer = await send(method, session.url + "0", headers=session.headers, body=BODY)

        assert answer.is_refusal
        assert answer.status != 499
        assert not await exists(store)
        assert await Uploader(send, session).committed() == 0
