"""The hub's seam: what the log has and what is heard live make one story, without a gap and without a repeat."""

import asyncio
import random

import pytest
from sqlalchemy import update

from jobs.eventid import EventId
from jobs.eventlog import PAGE_ENTRIES
from schema.tables import EventRow
from tests.factories import Bench
from tests.integration.app.hub_bench import LIMITS, HubBench
from tests.listeners import Recorder, cut_on


async def test_a_fresh_stream_begins_with_the_state_and_goes_on_live(hub: HubBench) -> None:
    await hub.tell(1)
    async with hub.subscriber() as subscriber:
        await subscriber.wire.until(bool)

        await hub.tell(2)

        assert await subscriber.until_number(2) == [2]
        assert subscriber.names[0] == "snapshot"


async def test_a_resumed_stream_tells_what_was_missed_and_goes_on_live(hub: HubBench) -> None:
    begin = await hub.tell(1)
    await hub.tell(2)
    await hub.tell(3)

    async with hub.subscriber(begin) as subscriber:
        await subscriber.until_number(3)
        await hub.tell(4)

        assert await subscriber.until_number(4) == [2, 3, 4]
        assert "snapshot" not in subscriber.names


async def test_a_resumed_stream_begins_with_the_id_that_it_resumes(hub: HubBench) -> None:
    begin = await hub.tell(1)

    async with hub.subscriber(begin) as subscriber:
        await subscriber.wire.until(lambda _: bool(subscriber.wire.writes))

        assert subscriber.wire.parser.last_event_id == str(begin)


async def test_what_is_told_while_a_stream_catches_up_comes_once_and_in_order(hub: HubBench) -> None:
    begin = await hub.tell(1)
    await hub.tell(2)
    async with hub.subscriber(begin, is_slow=True) as subscriber:
        await subscriber.wire.is_waiting()
        await hub.tell(3)
        subscriber.wire.go_on()
        await subscriber.wire.is_waiting()
        await hub.tell(4)
        assert subscriber.connection.stream.is_held

        subscriber.wire.go_on()
        await hub.tell(5)

        assert await subscriber.until_number(5) == [2, 3, 4, 5]


@pytest.mark.parametrize("seed", range(5))
async def test_streams_that_open_at_random_while_much_is_told_miss_nothing(hub: HubBench, seed: int) -> None:
    chance, last = random.Random(seed), 120
    begin = await hub.tell(1)

    async def watch(delay: int) -> list[int]:
        for _ in range(delay):
            await asyncio.sleep(0)
        async with hub.subscriber(begin) as subscriber:
            return await subscriber.until_number(last)

    watching = [asyncio.create_task(watch(chance.randrange(400))) for _ in range(LIMITS.streams_per_user)]
    for number in range(2, last + 1):
        await hub.tell(number)

    assert await asyncio.gather(*watching) == [list(range(2, last + 1))] * len(watching)


async def test_more_than_a_page_is_told_whole(hub: HubBench) -> None:
    begin, last = await hub.tell(1), 2 * PAGE_ENTRIES + 10
    for number in range(2, last + 1):
        await hub.tell(number)

    async with hub.subscriber(begin) as subscriber:
        assert await subscriber.until_number(last) == list(range(2, last + 1))


async def test_a_page_of_other_jobs_is_passed_over(hub: HubBench) -> None:
    begin = await hub.tell(1)
    for number in range(1, PAGE_ENTRIES + 5):
        await hub.tell(number, job_id="other")
    await hub.tell(2, is_terminal=True)

    async with hub.subscriber(begin, job_id="job") as subscriber:
        await subscriber.connection.stream.finished

        assert subscriber.numbers == [2]


async def test_an_id_that_is_gone_starts_the_stream_over(hub: HubBench) -> None:
    await hub.tell(1)
    gone = EventId.of((await hub.tell(2)).epoch, 1, 0)

    async with hub.subscriber(gone) as subscriber:
        await subscriber.wire.until(lambda events: len(events) == 2)
        await hub.tell(3)

        assert await subscriber.until_number(3) == [3]
        assert subscriber.names[:2] == ["reset", "snapshot"]
        assert hub.metrics.resets._value.get() == 1


async def test_what_is_told_while_the_link_is_cut_is_told_when_it_is_back(hub: HubBench, bench: Bench) -> None:
    async with hub.subscriber() as subscriber:
        await subscriber.wire.until(bool)
        cutter = Recorder(cut_on(bench.server, b"cut"))
        await bench.jobs.bus.subscribe("cutter", cutter)
        await hub.tell(1)
        await subscriber.until_number(1)

        await bench.redis.publish("cutter", "cut")
        await cutter.until("cut", "interrupted")
        assert subscriber.connection.stream.is_held
        bench.server.connected = True
        # The bus draws breath before it comes back: these are published while nobody listens.
        await hub.tell(2)
        await hub.tell(3)
        await cutter.until("cut", "interrupted", "resumed")
        await hub.tell(4)

        assert await subscriber.until_number(4) == [1, 2, 3, 4]
        assert subscriber.names.count("snapshot") == 1


async def test_a_log_that_is_replaced_under_a_live_stream_starts_it_over(hub: HubBench, bench: Bench) -> None:
    async with hub.subscriber() as subscriber:
        await subscriber.wire.until(bool)
        await hub.tell(1)
        await subscriber.until_number(1)

        await bench.redis.flushall()
        await hub.tell(2, job_id="after")
        await subscriber.wire.until(lambda events: events[-1].name == "snapshot" and len(events) > 2)
        await hub.tell(3, job_id="after")

        assert await subscriber.until_number(3) == [1, 3]
        assert subscriber.names == ["snapshot", "note", "reset", "snapshot", "note"]


async def test_what_a_lost_log_was_told_without_anybodys_noting_it_is_not_told_again(
    hub: HubBench, bench: Bench
) -> None:
    async with hub.subscriber() as subscriber:
        await subscriber.wire.until(bool)
        job_id = await bench.submit()
        await subscriber.wire.until(lambda events: events[-1].name == "generation_queued")
        # As if whoever told it had died before it was noted.
        await bench.database.transaction(
            lambda connection: connection.execute(update(EventRow).values(published_id=None))
        )

        await bench.redis.flushall()
        await hub.tell(2, job_id="after")
        await subscriber.wire.until(lambda events: events[-1].name == "snapshot" and len(events) > 2)
        await bench.jobs.outbox.tell(job_id)
        await hub.tell(3, job_id="after")

        assert await subscriber.until_number(3) == [3]
        assert subscriber.names == ["snapshot", "generation_queued", "reset", "snapshot", "note"]


async def test_a_log_that_is_replaced_while_a_stream_catches_up_starts_it_over(hub: HubBench, bench: Bench) -> None:
    begin = await hub.tell(1)
    await hub.tell(2)
    async with hub.subscriber(begin, is_slow=True) as subscriber:
        await subscriber.wire.is_waiting()
        subscriber.wire.go_on()
        # The log is read to its end, and its last page is on its way: what comes now is held back.
        await subscriber.wire.is_waiting()
        await bench.redis.flushall()
        await hub.tell(3, job_id="after")

        subscriber.wire.go_on()
        await subscriber.wire.is_waiting()

        assert subscriber.names == ["note", "reset", "snapshot"]


async def test_what_is_too_much_to_be_held_is_read_from_the_log(hub: HubBench) -> None:
    begin = await hub.tell(1)
    await hub.tell(2)
    async with hub.subscriber() as other, hub.subscriber(begin, is_slow=True) as subscriber:
        await subscriber.wire.is_waiting()
        subscriber.wire.go_on()
        # While the client takes what was read, more is told than is held for it.
        await subscriber.wire.is_waiting()
        for number in range(3, 9):
            await hub.tell(number, pad=LIMITS.buffer_bytes // 4)
        await other.until_number(8)
        assert subscriber.connection.stream.is_behind

        subscriber.wire.be_quick()

        assert await subscriber.until_number(8) == [2, 3, 4, 5, 6, 7, 8]
        assert not subscriber.wire.is_aborted


async def test_a_job_is_told_from_its_first_event_to_its_end(hub: HubBench) -> None:
    await hub.tell(1, job_id="other")
    await hub.tell(1)
    await hub.tell(2)
    async with hub.subscriber(job_id="job") as subscriber:
        await subscriber.until_number(2)

        await hub.tell(2, job_id="other")
        await hub.tell(3, is_terminal=True)
        await subscriber.connection.stream.finished

        assert subscriber.numbers == [1, 2, 3]


async def test_a_jobs_stream_that_cannot_resume_is_told_the_whole_job_and_ends_with_it(hub: HubBench) -> None:
    await hub.tell(1)
    last = await hub.tell(2, is_terminal=True)
    await hub.tell(1, job_id="other")

    async with hub.subscriber(EventId.of_entry("f" * 16, last.entry), job_id="job") as subscriber:
        await subscriber.connection.stream.finished

        assert subscriber.names == ["reset", "note", "note"]
        assert subscriber.numbers == [1, 2]


async def test_a_job_of_which_nothing_was_told_yet_is_told_from_the_beginning(hub: HubBench) -> None:
    async with hub.subscriber(job_id="job") as subscriber:
        await subscriber.wire.until(lambda _: bool(subscriber.wire.writes))

        await hub.tell(1)
        await hub.tell(2, is_terminal=True)
        await subscriber.connection.stream.finished

        assert subscriber.numbers == [1, 2]
