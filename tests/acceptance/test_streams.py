"""Event streams: whoever drops and resumes sees what one who never dropped has seen."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.acceptance.client import TERMINAL, Client
from tests.acceptance.sse import Event, EventStream

JOBS = 3
Open = Callable[[Client, str, int | None], AbstractAsyncContextManager[EventStream]]


def by_header(client: Client, last: str, cut: int | None) -> AbstractAsyncContextManager[EventStream]:
    return client.stream(last_event_id=last, cut_after=cut)


def by_query(client: Client, last: str, cut: int | None) -> AbstractAsyncContextManager[EventStream]:
    return client.stream(f"/events?lastEventId={last}", cut_after=cut)


@asynccontextmanager
async def by_ticket(client: Client, last: str, cut: int | None) -> AsyncIterator[EventStream]:
    ticket = (await client.post("/events/ticket")).json["ticket"]
    nobody = Client(client.session, client.base, "", None)
    async with nobody.stream(f"/events?ticket={ticket}&lastEventId={last}", cut_after=cut) as stream:
        yield stream


def ends(events: list[Event]) -> int:
    return sum(event.name in TERMINAL for event in events)


async def read(stream: EventStream, jobs: int) -> list[Event]:
    """The events up to the end of so many jobs, or to the cut."""
    events: list[Event] = []
    async for event in stream:
        events.append(event)
        if ends(events) == jobs:
            break
    return events


async def dropping(client: Client, last: str, open_stream: Open, draw: Callable[[], int]) -> list[Event]:
    """What a client sees that is cut again and again, until all jobs have ended."""
    events: list[Event] = []
    while ends(events) < JOBS:
        async with open_stream(client, last, draw()) as stream:
            events += await read(stream, JOBS - ends(events))
            last = stream.last_event_id or last
    return events


async def watched(
    client: Client, beside: Callable[[str], Coroutine[Any, Any, list[Event]]] | None = None, jobs: int = JOBS
) -> tuple[str, list[Event], list[Event]]:
    """Where a story of some jobs begins, what an uninterrupted client sees of it, and what another one sees."""
    async with client.stream() as stream:
        begin = (await stream.next()).id
        other = asyncio.create_task(beside(begin)) if beside else None
        for seed in range(jobs):
            await client.generate(seed=seed, width=128, height=128)
        seen = await read(stream, jobs)
    return begin, seen, await other if other else []


@pytest.mark.parametrize(
    ("open_stream", "seed"), [(by_header, 1), (by_header, 2), (by_query, 3), (by_ticket, 4), (by_ticket, 5)]
)
async def test_a_client_that_drops_at_random_sees_what_an_uninterrupted_one_sees(
    alice: Client, open_stream: Open, seed: int
) -> None:
    chance = random.Random(seed)

    _, whole, pieces = await watched(
        alice, lambda begin: dropping(alice, begin, open_stream, lambda: chance.randrange(1, 3000))
    )

    assert ends(whole) == JOBS
    assert pieces == whole


async def test_no_byte_is_a_bad_place_to_be_cut(alice: Client) -> None:
    begin, whole, _ = await watched(alice, jobs=1)
    async with alice.stream(last_event_id=begin) as stream:
        assert await read(stream, 1) == whole
        length = stream.received

    for cut in range(1, length, 101):
        async with alice.stream(last_event_id=begin, cut_after=cut) as stream:
            before = await read(stream, 1)
        async with alice.stream(last_event_id=stream.last_event_id) as stream:
            assert before + await read(stream, 1 - ends(before)) == whole, f"cut after {cut} bytes"


async def test_many_clients_that_drop_at_random_all_see_the_same(alice: Client) -> None:
    async def beside(begin: str) -> list[Event]:
        chances = [random.Random(seed) for seed in range(8)]
        stories = await asyncio.gather(
            *(dropping(alice, begin, by_header, lambda c=chance: c.randrange(1, 6000)) for chance in chances)  # type: ignore[misc]
        )
        assert all(story == stories[0] for story in stories)
        return stories[0]

    _, whole, pieces = await watched(alice, beside)

    assert pieces == whole


async def test_a_fresh_stream_begins_with_an_id_and_a_snapshot(alice: Client) -> None:
    async with alice.stream() as stream:
        first = await stream.next()

    assert first.id
    assert (first.name, first.data) == ("snapshot", {"jobs": [], "truncated": False})


async def test_a_snapshot_has_the_jobs_as_the_api_gives_them_newest_first(alice: Client) -> None:
    older, newer = await alice.generate(seed=1), await alice.generate(seed=2)
    for job_id in (older, newer):
        await alice.ending_of(job_id)

    async with alice.stream() as stream:
        snapshot = (await stream.next()).data

    assert snapshot["jobs"] == [await alice.job(newer), await alice.job(older)]
    assert snapshot["truncated"] is False


async def test_a_snapshot_has_what_is_unfinished(alice: Client) -> None:
    job_id = await alice.at_work()

    async with alice.stream() as stream:
        [job] = (await stream.next()).data["jobs"]
    await alice.post(f"/jobs/{job_id}/cancel")

    assert (job["jobId"], job["status"]) == (job_id, "running")
    assert job["progress"] is not None


async def test_an_empty_last_event_id_is_none(alice: Client) -> None:
    async with alice.stream("/events?lastEventId=") as stream:
        assert (await stream.next()).name == "snapshot"


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "garbage",
        lambda _: "x" * 5000,
        lambda known: "0" * 16 + known[16:],
        lambda known: known[:17] + "0" * 12 + known[29:],
        lambda known: known[:17] + "f" * 12 + known[29:],
    ],
    ids=["garbage", "long", "another epoch", "too old", "of the future"],
)
async def test_an_unknown_id_gives_a_reset_and_a_snapshot(alice: Client, change: Callable[[str], str]) -> None:
    await alice.picture()
    async with alice.stream() as stream:
        known = (await stream.next()).id

    async with alice.stream(last_event_id=change(known)) as stream:
        reset, snapshot = await stream.next(), await stream.next()

    assert (reset.name, snapshot.name) == ("reset", "snapshot")
    assert reset.data["reason"]
    assert len(snapshot.data["jobs"]) == 1
    assert snapshot.id == known


async def test_a_stream_goes_on_live_behind_a_reset(alice: Client) -> None:
    async with alice.stream(last_event_id="garbage") as stream:
        await stream.until("snapshot")

        job_id = await alice.generate()

        assert (await stream.until(*TERMINAL))[0].data["jobId"] == job_id


async def test_a_stream_narrowed_to_one_job_tells_nothing_else(alice: Client) -> None:
    async with alice.stream() as everything:
        begin = (await everything.next()).id
        first, second = await alice.generate(seed=1), await alice.generate(seed=2)
        async with alice.stream(f"/events?jobId={second}", last_event_id=begin) as narrowed:
            seen = await read(narrowed, 1)
        whole = await read(everything, 2)

    assert {event.data["jobId"] for event in whole} == {first, second}
    assert seen == [event for event in whole if event.data["jobId"] == second]


async def test_the_snapshot_of_a_narrowed_stream_is_that_job(alice: Client) -> None:
    first, _ = await alice.generate(), await alice.generate()

    async with alice.stream(f"/events?jobId={first}") as stream:
        snapshot = await stream.next()

    assert [job["jobId"] for job in snapshot.data["jobs"]] == [first]


async def test_nobody_hears_of_others(alice: Client, bob: Client) -> None:
    async with bob.stream() as stream:
        await stream.until("snapshot")
        await alice.picture()

        mine = await bob.generate()

        assert {event.data["jobId"] for event in await read(stream, 1)} == {mine}


async def test_several_streams_of_one_user_tell_the_same(alice: Client) -> None:
    async with alice.stream() as one, alice.stream() as two:
        await one.until("snapshot")
        await two.until("snapshot")

        await alice.generate()

        assert await read(one, 1) == await read(two, 1)


async def test_a_stream_says_what_it_is_and_when_to_come_back(alice: Client) -> None:
    async with alice.stream() as stream:
        await stream.next()

        headers = stream.response.headers
        assert headers["Content-Type"].split(";")[0] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert stream.parser.retry is not None
        assert 2400 <= stream.parser.retry <= 3600
