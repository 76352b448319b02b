"""The event log: what is told once, in order, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from jobs.eventid import EventId
from jobs.eventlog import Early, EventLog, JobMoment, LogUnavailable, channel_of, frame_of, parse_published
from tests.clock import ManualClock
from tests.readers import LogReader, names

QUEUED = JobMoment(number=1)
STARTED = JobMoment(number=2)
ENDED = JobMoment(number=3, is_terminal=True)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def redis(server: FakeServer) -> AsyncIterator[Redis]:
    client = FakeAsyncRedis(server=server)
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis, clock: ManualClock) -> EventLog:
    return EventLog(redis, clock, keep_seconds=900, max_entries=20_000)


@pytest.fixture
async def reader(log: EventLog) -> LogReader:
    reader = LogReader(log, "alice")
    await reader.read()
    return reader


async def append(
    log: EventLog, moment: JobMoment, *, job_id: str = "job-1", name: str = "event", data: str = "{}"
) -> EventId | None:
    return await log.append("alice", job_id, job_id, frame_of(name, data), moment)


def progress(percent: float | None, attempt: int = 1, message: str | None = None) -> JobMoment:
    return JobMoment(number=0, attempt=attempt, progress=percent, message=message)


async def test_what_is_told_is_read_as_it_was_told(log: EventLog, reader: LogReader) -> None:
    given = await append(log, QUEUED, name="generation_queued", data='{"jobId":"job-1"}')

    await reader.read()
    (entry,) = reader.entries
    assert (entry.id, entry.job_id, entry.is_terminal) == (given, "job-1", False)
    assert entry.frame == b'id: %b\nevent: generation_queued\ndata: {"jobId":"job-1"}\n\n' % entry.id.encode()


async def test_an_event_is_told_once_and_repeating_it_gives_the_id_that_it_got(
    log: EventLog, reader: LogReader
) -> None:
    first = await append(log, QUEUED)
    await append(log, STARTED)

    assert await append(log, QUEUED) == first
    assert len(await reader.read()) == 2


async def test_a_number_that_comes_after_a_later_one_is_not_told(log: EventLog, reader: LogReader) -> None:
    await append(log, STARTED)

    assert await append(log, QUEUED) is None
    assert len(await reader.read()) == 1


async def test_what_is_told_at_once_is_told_in_order(log: EventLog, reader: LogReader) -> None:
    moments = [QUEUED, STARTED, *(progress(percent) for percent in range(0, 100, 10)), ENDED]

    given = await asyncio.gather(*(append(log, moment, data=f'{{"n": {n}}}') for n, moment in enumerate(moments)))

    assert [payload for _, payload in await reader.read()] == [{"n": n} for n in range(len(moments))]
    assert [entry.id for entry in reader.entries] == given


async def test_each_of_those_told_at_once_is_judged_by_itself(log: EventLog, reader: LogReader) -> None:
    first, again, early, other = await asyncio.gather(
        append(log, QUEUED),
        append(log, QUEUED),
        append(log, JobMoment(number=3, after=2)),
        append(log, progress(5.0), job_id="job-2"),
        return_exceptions=True,
    )

    assert first == again
    assert isinstance(early, Early)
    assert isinstance(other, EventId)
    assert len(await reader.read()) == 2


async def test_a_redis_that_forgot_the_script_is_given_it_again(log: EventLog, reader: LogReader, redis: Redis) -> None:
    await append(log, QUEUED)
    await redis.script_flush()

    given = await asyncio.gather(*(append(log, progress(percent)) for percent in (1.0, 2.0, 3.0)))

    assert None not in given
    assert len(await reader.read()) == 4


async def test_a_redis_that_is_away_is_away_for_all(log: EventLog, server: FakeServer) -> None:
    await append(log, QUEUED)
    server.connected = False

    answers = await asyncio.gather(*(append(log, progress(percent)) for percent in (1.0, 2.0)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [LogUnavailable, LogUnavailable]


async def test_nothing_is_told_of_a_job_after_its_end(log: EventLog, reader: LogReader) -> None:
    await append(log, ENDED)

    assert await append(log, progress(50)) is None
    assert await append(log, STARTED) is None
    assert len(await reader.read()) == 1


async def test_the_end_of_one_job_is_not_the_end_of_another(log: EventLog, reader: LogReader) -> None:
    await append(log, ENDED)

    assert await append(log, QUEUED, job_id="job-2") is not None
    await reader.read()
    assert [entry.is_terminal for entry in reader.entries] == [True, False]


async def test_progress_from_an_attempt_that_was_overtaken_is_refused(log: EventLog, reader: LogReader) -> None:
    await append(log, progress(10, attempt=2))

    assert await append(log, progress(90, attempt=1)) is None
    assert len(await reader.read()) == 1


async def test_a_new_attempt_begins_from_nothing(log: EventLog) -> None:
    await append(log, progress(90, attempt=1))

    assert await append(log, progress(5, attempt=2)) is not None


async def test_progress_does_not_fall_within_an_attempt(log: EventLog, reader: LogReader) -> None:
    await append(log, progress(50))

    assert await append(log, progress(49.9)) is None
    assert len(await reader.read()) == 1


async def test_progress_does_not_fall_across_a_phase_of_which_only_the_name_is_known(log: EventLog) -> None:
    await append(log, progress(50))
    await append(log, progress(None, message="encoding"))

    assert await append(log, progress(40)) is None
    assert await append(log, progress(60)) is not None


async def test_that_nothing_is_known_is_not_told_after_something_was(log: EventLog) -> None:
    assert await append(log, progress(None)) is not None
    await append(log, progress(50))

    assert await append(log, progress(None)) is None
    assert await append(log, progress(None, attempt=2)) is not None


async def test_progress_that_does_not_fall_is_told(log: EventLog) -> None:
    for percent, message in ((50, None), (None, "encoding"), (50, None), (50.5, None), (100, None)):
        assert await append(log, progress(percent, message=message)) is not None


async def test_a_step_that_two_tell_of_is_told_once(log: EventLog) -> None:
    assert await append(log, progress(50, message="tile 1")) is not None

    assert await append(log, progress(50, message="tile 1")) is None
    assert await append(log, progress(50, message="tile 2")) is not None


@pytest.mark.parametrize(("lower", "higher"), [(9.9, 10.0), (99.9, 100.0), (1e-7, 2e-7), (33.33333333333333, 66.6)])
async def test_progress_is_compared_as_numbers(log: EventLog, lower: float, higher: float) -> None:
    assert await append(log, progress(lower)) is not None
    assert await append(log, progress(higher)) is not None
    assert await append(log, progress(lower)) is None


async def test_the_latest_progress_of_jobs_is_known(log: EventLog) -> None:
    await append(log, progress(25.5, attempt=2, message="tile 1"), job_id="job-1")
    await append(log, progress(None, attempt=1, message="encoding"), job_id="job-2")
    await append(log, QUEUED, job_id="job-3")

    assert await log.progress_of(["job-3", "job-2", "job-1", "job-4"]) == {
        "job-1": (2, 25.5, "tile 1"),
        "job-2": (1, None, "encoding"),
    }


async def test_the_latest_progress_of_no_jobs_is_nothing(log: EventLog) -> None:
    assert await log.progress_of([]) == {}


async def test_events_of_one_owner_are_not_read_by_another(log: EventLog) -> None:
    other = LogReader(log, "bob")
    await other.read()
    await append(log, QUEUED)

    assert await other.read() == []


async def test_ids_grow_as_values_and_as_text(log: EventLog) -> None:
    ids = [await append(log, progress(percent)) for percent in range(100)]

    made = [each for each in ids if each is not None]
    assert len(made) == 100
    assert made == sorted(set(made)) == sorted(made, key=str)


async def test_what_is_published_is_what_is_read(log: EventLog, redis: Redis, reader: LogReader) -> None:
    payloads: list[bytes] = []
    async with redis.pubsub() as listener:
        await listener.subscribe(channel_of("alice"))
        await listener.get_message(timeout=1)
        await append(log, QUEUED, data='{"text":"a\\nb ü"}')
        await log.append("alice", "deletion", None, frame_of("media_deleted", "{}"), JobMoment(number=1))
        await append(log, ENDED)
        for _ in range(3):
            message: dict[str, Any] | None = await listener.get_message(timeout=1)
            assert message is not None
            payloads.append(message["data"])

    await reader.read()
    assert [parse_published(payload) for payload in payloads] == reader.entries


async def test_what_is_refused_is_not_published(log: EventLog, redis: Redis) -> None:
    await append(log, ENDED)
    async with redis.pubsub() as listener:
        await listener.subscribe(channel_of("alice"))
        await listener.get_message(timeout=1)

        await append(log, ENDED)
        await append(log, progress(1))

        assert await listener.get_message(timeout=0.01) is None


async def test_an_event_of_no_job_counts_for_itself(log: EventLog, reader: LogReader) -> None:
    for subject in ("one", "two", "one"):
        await log.append("alice", subject, None, frame_of("media_deleted", "{}"), JobMoment(number=1))

    await reader.read()
    assert [entry.job_id for entry in reader.entries] == ["", ""]


async def test_the_first_entry_of_a_job_is_remembered(log: EventLog) -> None:
    first = await append(log, QUEUED)
    await append(log, STARTED)

    assert await log.first_of("job-1") == first
    assert await log.first_of("job-2") is None


async def test_without_redis_every_verb_says_so(log: EventLog, server: FakeServer) -> None:
    cursor = await log.open("alice")
    server.connected = False

    for call in (
        append(log, QUEUED),
        log.open("alice"),
        log.after("alice", cursor),
        log.since("alice", cursor),
        log.first_of("job-1"),
        log.progress_of(["job-1"]),
        log.epoch(),
    ):
        with pytest.raises(LogUnavailable):
            await call


async def test_what_needs_another_event_before_it_is_not_told_too_early(log: EventLog, reader: LogReader) -> None:
    needs_queued = JobMoment(number=2, after=1)
    with pytest.raises(Early):
        await append(log, needs_queued, name="generation_started")

    await append(log, QUEUED, name="generation_queued")
    told = await append(log, needs_queued, name="generation_started")

    assert names(await reader.read()) == ["generation_queued", "generation_started"]
    assert await append(log, needs_queued, name="generation_started") == told
