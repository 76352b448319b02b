"""Idempotency keys: one job for each, whoever repeats the request how often."""

import asyncio
import contextlib

import pytest

from jobs.database import DatabaseUnavailable
from jobs.errors import IdempotencyKeyReused, QueueFull
from jobs.submitting import Accepted, Submission
from tests.databases import Place
from tests.factories import Bench, open_bench

HOUR = 3600


async def ask(bench: Bench, *, owner: str = "alice", key: str = "k", prompt: str = "a cat") -> Accepted:
    request = {"prompt": prompt}
    accepted = await bench.service.submit(Submission(owner, "image", request, request, key))
    await bench.settle()
    return accepted


async def count_jobs(bench: Bench, owner: str = "alice") -> int:
    return len((await bench.service.list(owner, status=None, kind=None, before=None, limit=200)).items)


async def test_the_same_request_with_the_same_key_gives_the_first_job(bench: Bench) -> None:
    first = await ask(bench)
    again = await ask(bench)

    assert not first.is_replay
    assert again == Accepted(first.job_id, is_replay=True)
    assert await count_jobs(bench) == 1


async def test_a_replay_tells_and_wakes_nobody(bench: Bench) -> None:
    first = await ask(bench)
    await ask(bench)

    assert await bench.event_names(first.job_id) == ["generation_queued"]
    assert bench.wake_ups.sent == [("image", first.job_id)]


async def test_another_request_with_the_same_key_is_refused_and_changes_nothing(bench: Bench) -> None:
    first = await ask(bench)

    with pytest.raises(IdempotencyKeyReused):
        await ask(bench, prompt="a dog")

    assert await count_jobs(bench) == 1
    assert (await ask(bench)).job_id == first.job_id


async def test_the_keys_of_two_owners_have_nothing_to_do_with_each_other(bench: Bench) -> None:
    mine = await ask(bench, owner="alice")
    theirs = await ask(bench, owner="bob", prompt="a dog")

    assert not theirs.is_replay
    assert theirs.job_id != mine.job_id
    assert (await ask(bench, owner="bob", prompt="a dog")).job_id == theirs.job_id


async def insist(bench: Bench) -> Accepted:
    """Ask as a client does that comes again when the service has no time."""
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            return await ask(bench)


async def test_a_hundred_concurrent_submits_with_one_key_make_one_job(bench: Bench) -> None:
    accepted = await asyncio.gather(*(insist(bench) for _ in range(100)))

    assert len({each.job_id for each in accepted}) == 1
    # None is the first where that one's answer was lost.
    assert [each.is_replay for each in accepted].count(False) <= 1
    assert await count_jobs(bench) == 1


async def test_a_key_of_two_processes_makes_one_job(bench: Bench, place: Place) -> None:
    async with open_bench(place, server=bench.server, clock=bench.clock) as other:
        accepted = await asyncio.gather(*(ask(each) for each in (bench, other) * 10))

    assert len({each.job_id for each in accepted}) == 1
    assert await count_jobs(bench) == 1


async def test_a_request_that_was_refused_does_not_use_its_key_up(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=1) as bench:
        first = await ask(bench, key="first")
        with pytest.raises(QueueFull):
            await ask(bench, key="second")
        await bench.service.cancel("alice", first.job_id)

        assert not (await ask(bench, key="second")).is_replay


async def test_a_replay_needs_no_room(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=1) as bench:
        first = await ask(bench)

        assert (await ask(bench)).job_id == first.job_id


async def test_a_key_is_kept_for_a_day(bench: Bench) -> None:
    first = await ask(bench)
    bench.clock.advance(24 * HOUR)

    await bench.sweep()

    assert (await ask(bench)).job_id == first.job_id


async def test_a_key_is_forgotten_after_a_day(bench: Bench) -> None:
    await ask(bench)
    bench.clock.advance(24 * HOUR + 1)

    await bench.sweep()

    assert not (await ask(bench, prompt="a dog")).is_replay
    assert bench.repairs("expired") == 1
