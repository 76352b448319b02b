"""The event log's cursors: where reading goes on, and how a reader learns that it can't."""

from collections.abc import AsyncIterator, Sequence

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from jobs.eventid import EventId
from jobs.eventlog import EPOCH_KEY, PAGE_ENTRIES, CursorGone, Entry, EventLog, JobMoment, channel_of, frame_of
from tests.clock import ManualClock

KEEP_SECONDS = 900
MOST_ENTRIES = 300
NODE_ENTRIES = 100
"""Redis trims a stream by whole nodes (`stream-node-max-entries`)."""


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    client = FakeAsyncRedis(server=FakeServer())
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis, clock: ManualClock) -> EventLog:
    return EventLog(redis, clock, keep_seconds=KEEP_SECONDS, max_entries=MOST_ENTRIES)


async def fill(log: EventLog, count: int, owner: str = "alice") -> list[EventId]:
    ids = [
        await log.append(owner, "job", "job", frame_of("event", str(percent)), JobMoment(0, 1, percent))
        for percent in range(count)
    ]
    return [each for each in ids if each is not None]


def data_of(frames: Sequence[bytes]) -> list[int]:
    return [int(frame.decode().rstrip().rpartition(" ")[2]) for frame in frames]


async def test_reading_goes_on_behind_the_cursor_oldest_first(log: EventLog) -> None:
    ids = await fill(log, 10)

    assert [entry.id for entry in await log.after("alice", ids[6])] == ids[7:]
    assert await log.after("alice", ids[-1]) == []


async def test_pages_follow_each_other_without_gap_or_repeat(redis: Redis, clock: ManualClock) -> None:
    log = EventLog(redis, clock, keep_seconds=KEEP_SECONDS, max_entries=20_000)
    cursor = await log.open("alice")
    ids = await fill(log, PAGE_ENTRIES + 7)

    first = await log.after("alice", cursor)
    second = await log.after("alice", first[-1].id)

    assert (len(first), len(second)) == (PAGE_ENTRIES, 7)
    assert [entry.id for entry in first + second] == ids


async def test_a_stream_that_nothing_was_told_on_has_a_cursor(log: EventLog) -> None:
    cursor = await log.open("alice")

    assert await log.after("alice", cursor) == []
    assert await log.open("alice") == cursor
    ids = await fill(log, 2)
    assert [entry.id for entry in await log.after("alice", cursor)] == ids


async def test_a_cursor_is_the_top_of_what_was_told(log: EventLog) -> None:
    ids = await fill(log, 3)

    assert await log.open("alice") == ids[-1]


async def test_a_cursor_that_was_trimmed_away_is_gone(log: EventLog) -> None:
    ids = await fill(log, MOST_ENTRIES + 2 * NODE_ENTRIES)

    with pytest.raises(CursorGone) as gone:
        await log.after("alice", ids[0])

    assert gone.value.reason == "log_trimmed"


async def test_at_least_as_many_entries_are_kept_as_promised_and_not_many_more(log: EventLog, redis: Redis) -> None:
    ids = await fill(log, MOST_ENTRIES + 3 * NODE_ENTRIES)

    kept = await redis.xlen(channel_of("alice"))
    assert MOST_ENTRIES <= kept <= MOST_ENTRIES + NODE_ENTRIES
    assert len(await log.after("alice", ids[-MOST_ENTRIES])) == MOST_ENTRIES - 1


async def test_entries_older_than_their_keeping_are_trimmed(log: EventLog, redis: Redis) -> None:
    for number in range(2 * NODE_ENTRIES):
        await redis.xadd(channel_of("alice"), {"frame": b"old"}, id=f"{1000 + number}-0")
    cursor = EventId.of((await fill(log, 1))[0].epoch, 1000, 0)

    with pytest.raises(CursorGone) as gone:
        await log.after("alice", cursor)

    assert gone.value.reason == "log_trimmed"


async def test_a_stream_that_nobody_uses_expires_and_one_that_is_read_does_not(log: EventLog, redis: Redis) -> None:
    cursor = await log.open("alice")
    await redis.pexpire(channel_of("alice"), 1000)

    await log.after("alice", cursor)

    remaining = await redis.pttl(channel_of("alice"))
    assert KEEP_SECONDS * 1000 <= remaining < KEEP_SECONDS * 1050


async def test_what_is_remembered_of_a_job_outlives_its_entries_and_expires(log: EventLog, redis: Redis) -> None:
    await fill(log, 1)

    remaining = await redis.pttl("mp:told:job")
    assert KEEP_SECONDS * 1000 < remaining <= KEEP_SECONDS * 2000


async def test_a_cursor_on_a_stream_that_expired_is_gone(log: EventLog, redis: Redis) -> None:
    cursor = await log.open("alice")
    await redis.delete(channel_of("alice"))

    with pytest.raises(CursorGone):
        await log.after("alice", cursor)


async def test_a_cursor_of_another_owner_is_gone(log: EventLog) -> None:
    top = await log.open("alice")
    # Entries are numbered by the millisecond: one of two in bob's stream may bear the number of alice's.
    cursor = next(cursor for cursor in await fill(log, 2, owner="bob") if cursor != top)

    with pytest.raises(CursorGone):
        await log.after("alice", cursor)


@pytest.mark.parametrize("is_told_since", [True, False])
async def test_a_cursor_from_before_redis_was_emptied_is_gone(
    log: EventLog, redis: Redis, *, is_told_since: bool
) -> None:
    (cursor,) = await fill(log, 1)
    await redis.flushall()
    if is_told_since:
        await fill(log, 1)

    with pytest.raises(CursorGone) as gone:
        await log.after("alice", cursor)

    assert gone.value.reason == "log_replaced"


async def test_a_cursor_is_gone_on_a_replaced_log_that_has_an_entry_of_the_same_number(
    log: EventLog, redis: Redis
) -> None:
    (cursor,) = await fill(log, 1)
    await redis.set(EPOCH_KEY, "f" * 16)

    with pytest.raises(CursorGone):
        await log.after("alice", cursor)
    with pytest.raises(CursorGone):
        await log.since("alice", cursor)


async def test_the_log_has_one_epoch(log: EventLog, clock: ManualClock) -> None:
    asked = await log.epoch()
    clock.advance(1)
    opened = (await log.open("alice")).epoch
    clock.advance(1)
    (told,) = await fill(log, 1)

    assert asked == opened == told.epoch


async def test_a_log_that_replaces_another_has_a_later_epoch(log: EventLog, redis: Redis, clock: ManualClock) -> None:
    first = await log.epoch()
    await redis.flushall()
    clock.advance(0.001)

    assert await log.epoch() > first


async def test_a_mark_is_an_entry_that_tells_nothing(log: EventLog) -> None:
    cursor = await log.open("alice")

    assert await log.since("alice", cursor) == [Entry(cursor, "", b"", is_terminal=False)]


async def test_since_begins_with_the_entry_itself(log: EventLog) -> None:
    ids = await fill(log, 5)

    assert data_of([entry.frame for entry in await log.since("alice", ids[2])]) == [2, 3, 4]


async def test_since_begins_behind_an_entry_that_is_no_longer_kept(log: EventLog, redis: Redis) -> None:
    ids = await fill(log, 5)
    await redis.xdel(channel_of("alice"), ids[2].entry)

    assert data_of([entry.frame for entry in await log.since("alice", ids[2])]) == [3, 4]
