"""The outbox: whoever tells, a job's events come in order, each once, and are marked."""

import asyncio
from dataclasses import replace
from typing import TypeVar

import pytest

from jobs.clock import BoundTime
from jobs.database import Database, Work
from jobs.eventid import EventId
from jobs.eventlog import EventLog, JobMoment, LogUnavailable
from jobs.job import StoredEvent
from jobs.outbox import Outbox
from jobs.repositories.events import EventRepository
from tests.factories import Bench
from tests.readers import LogReader, names

T = TypeVar("T")


class BreakingLog(EventLog):
    """A log whose Redis goes away after the first event."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.redis, bench.clock, keep_seconds=900, max_entries=100)

    async def append(
        self, owner: str, subject: str, job_id: str | None, frame: bytes, moment: JobMoment
    ) -> EventId | None:
        if moment.number > 1:
            raise LogUnavailable("ConnectionError")
        return await super().append(owner, subject, job_id, frame, moment)


class Counting(Database):
    """A database that counts changes."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self.changes = 0

    async def single(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        self.changes += 1
        return await super().single(work, recall=recall)


def outbox_of(bench: Bench, log: EventLog | None = None, database: Database | None = None) -> Outbox:
    events = EventRepository(BoundTime(bench.clock))
    log, database = log or bench.jobs.log, database or bench.database
    return Outbox(database, events, log, bench.jobs.background, mark_seconds=0.0)


async def untold_of(bench: Bench, job_id: str) -> list[StoredEvent]:
    async with bench.database.reading() as connection:
        return await EventRepository(BoundTime(bench.clock)).unpublished_of(connection, job_id)


async def test_a_worker_tells_what_the_web_process_could_not_before_its_own(bench: Bench, reader: LogReader) -> None:
    bench.server.connected = False
    await bench.submit()
    bench.server.connected = True

    await bench.leases.tell_start(await bench.claim())

    assert names(await reader.read()) == ["generation_queued", "generation_started"]


async def test_a_teller_that_is_slower_than_another_repeats_nothing(bench: Bench, reader: LogReader) -> None:
    bench.server.connected = False
    job_id = await bench.submit()
    untold = await untold_of(bench, job_id)
    bench.server.connected = True
    await bench.leases.tell_start(await bench.claim())
    await bench.settle()
    marked = [event.published_id for event in await bench.events(job_id)]

    await outbox_of(bench).tell_these(untold)
    await bench.settle()

    assert names(await reader.read()) == ["generation_queued", "generation_started"]
    assert [event.published_id for event in await bench.events(job_id)] == marked


async def test_what_was_told_is_known_by_its_id_though_it_is_not_noted_and_its_log_is_gone(
    bench: Bench, reader: LogReader
) -> None:
    lease = await bench.start()
    await bench.succeed(lease)
    await reader.read()
    ending = await bench.service.ending("alice", lease.job.id)
    assert ending is not None
    await bench.jobs.log.forget("alice")

    assert (
        await outbox_of(bench).told_as(replace(ending, published_id=None)) == ending.published_id == str(reader.cursor)
    )


async def test_what_was_not_told_is_told_when_its_id_is_asked_for(bench: Bench, reader: LogReader) -> None:
    bench.server.connected = False
    job_id = await bench.submit()
    (untold,) = await untold_of(bench, job_id)
    bench.server.connected = True

    told = await outbox_of(bench).told_as(untold)

    assert names(await reader.read()) == ["generation_queued"]
    assert told == str(reader.cursor)


async def test_what_was_told_before_redis_went_away_is_marked(bench: Bench, reader: LogReader) -> None:
    bench.server.connected = False
    job_id = await bench.submit()
    await bench.claim()
    untold = await untold_of(bench, job_id)
    bench.server.connected = True

    with pytest.raises(LogUnavailable):
        await outbox_of(bench, BreakingLog(bench)).tell_these(untold)
    await bench.settle()

    assert names(await reader.read()) == ["generation_queued"]
    assert [event.published_id is not None for event in await bench.events(job_id)] == [True, False]


async def test_progress_comes_after_the_start_although_redis_was_down_at_the_start(
    bench: Bench, reader: LogReader
) -> None:
    bench.server.connected = False
    await bench.submit()
    lease = await bench.claim()
    bench.server.connected = True

    await bench.leases.tell_start(lease)
    await bench.leases.tell_progress(lease, 10.0, None)

    assert names(await reader.read()) == ["generation_queued", "generation_started", "generation_progress"]


async def test_every_told_event_is_marked_with_its_id_in_the_log(bench: Bench, reader: LogReader) -> None:
    lease = await bench.start()
    await bench.succeed(lease)

    await reader.read()
    marked = [event.published_id for event in await bench.events(lease.job.id)]
    assert marked == [str(entry.id) for entry in reader.entries]


async def test_concurrent_tellers_tell_each_event_once(bench: Bench, reader: LogReader) -> None:
    bench.server.connected = False
    await bench.submit()
    lease = await bench.claim()
    await bench.succeed(lease, count=0)
    bench.server.connected = True

    await asyncio.gather(*(bench.leases.tell_start(lease) for _ in range(8)))

    await reader.read()
    assert reader.names_of(lease.job.id) == ["generation_queued", "generation_started", "generation_complete"]


async def test_what_is_told_while_the_database_is_busy_is_marked_in_one_go(bench: Bench, reader: LogReader) -> None:
    bench.server.connected = False
    job_ids = [await bench.submit() for _ in range(5)]
    untold = [await untold_of(bench, job_id) for job_id in job_ids]
    bench.server.connected = True
    counted = Counting(bench.database)

    await asyncio.gather(*map(outbox_of(bench, database=counted).tell_these, untold))
    await bench.settle()

    # Whoever comes first marks alone, and the others together after it.
    assert counted.changes <= 2
    assert [await untold_of(bench, job_id) for job_id in job_ids] == 5 * [[]]
    assert names(await reader.read()) == 5 * ["generation_queued"]


async def test_an_event_that_was_just_written_is_told_without_a_look_at_the_others(
    bench: Bench, reader: LogReader
) -> None:
    lease = await bench.start()
    await bench.settle()

    assert names(await reader.read()) == ["generation_queued", "generation_started"]
    assert await untold_of(bench, lease.job.id) == []
    assert lease.start is not None
    marked = next(event for event in await bench.events(lease.job.id) if event.id == lease.start.id)
    assert marked.published_id == str(reader.entries[-1].id)
