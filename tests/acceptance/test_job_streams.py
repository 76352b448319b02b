"""One job's events: without a snapshot, to the terminal event and no further, as a native `EventSource` wants it."""

import random

import pytest

from tests.acceptance.client import Client
from tests.acceptance.sse import Event

FOREIGN = "0123456789abcdef-0123456789ab-0000"


async def told_of(client: Client, job_id: str) -> list[Event]:
    """What the whole stream tells of a job that has ended, by an id from before it."""
    async with client.stream(f"/jobs/{job_id}/events") as stream:
        return await stream.rest()


async def story(client: Client) -> tuple[str, str, list[Event]]:
    """A job that has ended, the id before its first event, and its events."""
    async with client.stream() as stream:
        begin = (await stream.next()).id
        job_id = await client.generate()
        return job_id, begin, await stream.until("generation_complete")


async def test_a_stream_tells_all_of_a_job_and_ends_behind_its_end(alice: Client) -> None:
    job_id = await alice.generate()

    async with alice.stream(f"/jobs/{job_id}/events") as stream:
        names = [event.name for event in await stream.rest()]

    assert names[:2] == ["generation_queued", "generation_started"]
    assert set(names[2:-1]) == {"generation_progress"}
    assert names[-1] == "generation_complete"


async def test_it_begins_with_the_first_event_whenever_it_is_opened(alice: Client) -> None:
    job_id = await alice.at_work()

    async with alice.stream(f"/jobs/{job_id}/events") as stream:
        first = await stream.next()
    await alice.post(f"/jobs/{job_id}/cancel")

    assert first.name == "generation_queued"


async def test_a_client_that_drops_at_random_is_told_to_stop_at_the_end(alice: Client) -> None:
    chance = random.Random(5)
    job_id = await alice.generate(width=256, height=256)
    target, events, last = f"/jobs/{job_id}/events", list[Event](), ""

    while True:
        async with alice.stream(
            target, last_event_id=last, cut_after=chance.randrange(1, 4000), expected=(200, 204)
        ) as stream:
            if stream.status == 204:
                break
            events += [event async for event in stream]
            last = stream.last_event_id or last

    async with alice.stream("/events", last_event_id=events[0].id) as stream:
        rest = await stream.until("generation_complete")
    assert events[0].name == "generation_queued"
    assert events[1:] == rest


async def test_a_finished_job_gives_its_terminal_event_and_ends(alice: Client) -> None:
    job_id, _, events = await story(alice)

    assert await told_of(alice, job_id) == [events[-1]]


async def test_resuming_behind_the_terminal_event_is_no_content(alice: Client) -> None:
    job_id, _, events = await story(alice)

    answer = await alice.get(f"/jobs/{job_id}/events", **{"Last-Event-ID": events[-1].id})
    by_query = await alice.get(f"/jobs/{job_id}/events?lastEventId={events[-1].id}")

    assert (answer.status, answer.body) == (204, b"")
    assert by_query.status == 204


async def test_resuming_in_the_middle_of_a_finished_job_gives_the_rest(alice: Client) -> None:
    job_id, begin, events = await story(alice)

    async with alice.stream(f"/jobs/{job_id}/events", last_event_id=begin) as stream:
        assert await stream.rest() == events
    async with alice.stream(f"/jobs/{job_id}/events", last_event_id=events[4].id) as stream:
        assert await stream.rest() == events[5:]


@pytest.mark.parametrize("unknown", ["garbage", FOREIGN])
async def test_an_unknown_id_on_a_finished_job_gives_its_terminal_event(alice: Client, unknown: str) -> None:
    job_id, _, events = await story(alice)

    async with alice.stream(f"/jobs/{job_id}/events", last_event_id=unknown) as stream:
        assert await stream.rest() == [events[-1]]


@pytest.mark.parametrize("unknown", ["garbage", FOREIGN])
async def test_an_unknown_id_on_a_running_job_gives_a_reset(alice: Client, unknown: str) -> None:
    job_id = await alice.at_work()

    async with alice.stream(f"/jobs/{job_id}/events", last_event_id=unknown) as stream:
        reset = await stream.next()
        await alice.post(f"/jobs/{job_id}/cancel")
        rest = await stream.rest()

    assert reset.name == "reset"
    assert (rest[-1].name, rest[-1].data["code"]) == ("generation_failed", "cancelled")


async def test_another_job_of_the_same_user_is_not_told(alice: Client) -> None:
    wanted, other = await alice.generate(), await alice.generate()

    events = await told_of(alice, wanted)
    await alice.ending_of(other)

    assert {event.data["jobId"] for event in events} == {wanted}
