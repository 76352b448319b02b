"""Upload sessions over HTTP: the contract through the real application, broken connections, what others are told."""

import json
from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict

from storage.memory import MemoryStore
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from tests.clock import ManualClock
from tests.contract.session_client import BODY, SIZE, Uploader, committed_by, start
from tests.contract.store_kit import PATH, Answer, Send, exists, read, stream
from tests.contract.store_resumable import ResumableContract
from tests.integration.app.storage_site import ORIGIN, Progress, Site, open_site


def problem_of(answer: Answer) -> tuple[int, str]:
    """The status and the code of a problem document that says so itself."""
    document = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == answer.status
    return answer.status, document["code"]


class TestSessionsOverHttp(ResumableContract):
    @pytest.fixture
    async def site(self, clock: ManualClock) -> AsyncIterator[Site]:
        async with open_site(clock=clock) as site:
            yield site

    @pytest.fixture
    def store(self, site: Site) -> MemoryStore:
        return site.store

    @pytest.fixture
    def send(self, site: Site) -> Send:
        return site.send


# broken connections


@pytest.mark.parametrize("cancels", [True, False])
async def test_a_connection_that_breaks_in_mid_chunk_leaves_whole_granules_to_go_on_from(*, cancels: bool) -> None:
    progress = Progress()
    async with open_site(hook=progress, cancels=cancels) as site:
        session = await start(site.store)
        client = Uploader(site.send, session)
        broken = await site.break_in(session, BODY[: GRANULE + 1000])
        while await client.committed() < GRANULE:
            pass  # until the server has read that much
        await broken.close()
        await progress.next()

        assert await client.committed() == site.store.used_bytes == GRANULE
        assert (await client.go_on()).status == 200
        assert await read(site.store) == BODY
        assert progress.told == [(PATH, GRANULE, SIZE), (PATH, SIZE, SIZE)]


async def test_a_client_that_comes_back_does_not_wait_for_its_dead_connection() -> None:
    async with open_site() as site:
        session = await start(site.store)
        client = Uploader(site.send, session)
        hanging = await site.break_in(session, BODY[: GRANULE + 1000])
        while await client.committed() < GRANULE:
            pass  # until the server has read that much

        assert (await client.go_on()).status == 200
        assert await read(site.store) == BODY
        assert await hanging.status() == 429
        await hanging.close()


async def test_cancelling_ends_a_request_under_way() -> None:
    async with open_site() as site:
        session = await start(site.store)
        client = Uploader(site.send, session)
        hanging = await site.break_in(session, BODY[: GRANULE + 1000])
        while await client.committed() < GRANULE:
            pass  # until the server has read that much

        assert (await client.cancel()).status == 499
        assert await hanging.status() == 404
        assert site.store.used_bytes == 0
        await hanging.close()


# what is answered


async def test_an_incomplete_upload_is_answered_in_the_form_that_clients_of_google_read() -> None:
    async with open_site() as site:
        client = await site.client()

        nothing, chunk = await client.ask(), await client.chunk(0, GRANULE)

    assert (nothing.status, nothing.body, nothing.headers["content-length"]) == (308, b"", "0")
    assert not {"range", "location"} & nothing.headers.keys()
    assert (chunk.status, chunk.body, chunk.headers["content-length"]) == (308, b"", "0")
    assert chunk.headers["range"] == f"bytes=0-{GRANULE - 1}"


async def test_completion_is_answered_with_the_etag_as_often_as_it_is_asked_for() -> None:
    async with open_site() as site:
        client = await site.client()

        answers = [await client.whole(), await client.ask(), await client.ask(SIZE), await client.chunk(GRANULE, SIZE)]
        etag = (await site.store.stat(PATH)).etag

    assert [(each.status, each.headers["etag"]) for each in answers] == [(200, f'"{etag}"')] * 4


async def test_each_refusal_is_a_problem_of_its_own() -> None:
    async with open_site() as site:
        client = await site.client(least=10)
        await client.chunk(0, GRANULE)
        seen = {
            "malformed": await client.raw("bytes 0-4", b"hello"),
            "not a multiple": await client.chunk(GRANULE, GRANULE + 100),
            "a gap": await client.chunk(2 * GRANULE, SIZE),
            "another total": await client.chunk(GRANULE, SIZE, SIZE + 1),
            "another length": await client.raw(f"bytes {GRANULE}-{SIZE - 1}/{SIZE}", b"hello"),
            "too short": await client.ask(9),
            "too long": await client.ask(5 * GRANULE),
            "beyond every bound": await client.ask("9" * 4000),
            "another type": await client.chunk(GRANULE, SIZE, **{"Content-Type": "text/html"}),
            "a query with a body": await client.raw("bytes */*", b"hello"),
        }
        committed = await client.committed()

    assert {name: problem_of(answer) for name, answer in seen.items()} == {
        "malformed": (400, "bad_request"),
        "not a multiple": (400, "bad_request"),
        "a gap": (400, "bad_request"),
        "another total": (400, "bad_request"),
        "another length": (400, "bad_request"),
        "too short": (400, "bad_request"),
        "too long": (413, "payload_too_large"),
        "beyond every bound": (413, "payload_too_large"),
        "another type": (415, "unsupported_media_type"),
        "a query with a body": (400, "bad_request"),
    }
    assert committed == GRANULE


async def test_a_repeated_content_range_is_refused() -> None:
    async with open_site() as site:
        session = await start(site.store)
        headers = CIMultiDict({**session.headers, "Content-Range": "bytes 0-4/5"})
        headers.add("Content-Range", "bytes 0-4/5")

        answer = await site.send("PUT", session.url, headers=headers, body=b"hello")

    assert answer.status == 400  # by aiohttp's parser, so that no handler has to look for a second one


async def test_what_is_over_is_not_found_and_what_is_altered_is_forbidden() -> None:
    async with open_site() as site:
        session = await start(site.store)
        client, other_path = Uploader(site.send, session), session.url.replace("a.png", "b.png")
        altered = await site.send("PUT", other_path, body=BODY)
        read_it = await site.send("GET", session.url)
        await client.cancel()
        cancelled = await client.whole()
        again = await client.cancel()
        session = await start(site.store)
        site.clock.advance(900)
        expired = await Uploader(site.send, session).whole()

    assert [problem_of(each) for each in (altered, read_it)] == [(403, "forbidden")] * 2
    assert [problem_of(each) for each in (cancelled, again, expired)] == [(404, "not_found")] * 3


async def test_a_store_without_room_says_so_and_the_upload_goes_on_when_there_is() -> None:
    async with open_site(limit=2 * GRANULE) as site:
        session = await start(site.store)
        client = Uploader(site.send, session, BODY[: 2 * GRANULE])
        await site.store.upload("other", stream(b"x"), "image/png")

        refused = await client.whole()
        await site.store.delete("other")
        done = await client.go_on(2 * GRANULE)

    assert problem_of(refused) == (507, "storage_full")
    assert done.status == 200


async def test_a_body_without_a_length_is_taken_up_to_the_bound() -> None:
    async with open_site() as site:
        session = await start(site.store, most=GRANULE + 5)
        url = site.here(session.url)

        async with site.http.put(url, headers=session.headers, data=stream(BODY[:GRANULE], b"123456")) as answer:
            too_long = answer.status
        was_stored = await exists(site.store)
        async with site.http.put(url, headers=session.headers, data=stream(BODY[:GRANULE], b"12345")) as answer:
            taken = answer.status

        assert (too_long, was_stored, taken) == (413, False, 200)
        assert await read(site.store) == BODY[:GRANULE] + b"12345"


# what others are told


async def test_the_hook_is_told_of_chunks_and_of_plain_uploads() -> None:
    progress = Progress()
    async with open_site(hook=progress) as site:
        client = await site.client()
        await client.chunk(0, GRANULE, "*")
        await client.ask()
        await client.chunk(GRANULE, SIZE)
        presigned = await site.store.upload_presigned(
            "media/alice/b.png", "image/png", min_bytes=1, max_bytes=9, expires_in=60
        )
        await site.send("PUT", presigned.url, headers=presigned.headers, body=b"too many bytes")
        await site.send("PUT", presigned.url, headers=presigned.headers, body=b"hello")

    assert progress.told == [(PATH, GRANULE, None), (PATH, SIZE, SIZE), ("media/alice/b.png", 5, 5)]


async def test_a_page_of_an_allowed_origin_may_use_the_protocol() -> None:
    async with open_site() as site:
        client = await site.client()
        asked = {"Origin": ORIGIN, "Access-Control-Request-Headers": "content-range,content-type"}
        preflights = [
            await site.send("OPTIONS", client.url, headers={**asked, "Access-Control-Request-Method": method})
            for method in ("PUT", "DELETE")
        ]
        answer = await client.chunk(0, GRANULE, Origin=ORIGIN)

    for method, preflight in zip(("PUT", "DELETE"), preflights, strict=True):
        assert preflight.status == 204
        assert method in preflight.headers["access-control-allow-methods"].split(", ")
        assert "Content-Range" in preflight.headers["access-control-allow-headers"].split(", ")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert {"Range", "ETag"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert committed_by(answer) == GRANULE
