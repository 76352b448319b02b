"""Whose turn it is: no owner holds up another, and the position that is told is the one that comes true."""

import random

from jobs.repositories.queue import CLAIM_WINDOW
from schema.responses import JobKind
from tests.factories import Bench


async def claim_all(bench: Bench, kind: JobKind = "image") -> list[str]:
    claimed = []
    while (lease := await bench.leases.claim(kind)) is not None:
        claimed.append(lease.job.id)
    return claimed


async def position(bench: Bench, owner: str, job_id: str) -> int | None:
    return (await bench.service.get(owner, job_id)).queue_position


async def test_one_owners_jobs_are_claimed_in_the_order_in_which_they_came(bench: Bench) -> None:
    submitted = await bench.submit_many(5)

    assert await claim_all(bench) == submitted


async def test_an_owner_with_fifty_jobs_does_not_hold_up_anothers_first(bench: Bench) -> None:
    first, *_ = await bench.submit_many(50, "alice")
    other = await bench.submit(owner="bob")

    claimed = [(await bench.claim()).job.id for _ in range(2)]

    assert claimed == [first, other]


async def test_no_owner_fills_the_window_in_which_claims_look(bench: Bench) -> None:
    await bench.submit_many(CLAIM_WINDOW + 1, "alice")
    others = [await bench.submit(owner=f"user{number}") for number in range(CLAIM_WINDOW - 1)]

    claimed = [(await bench.claim()).job.id for _ in range(CLAIM_WINDOW)]

    assert set(others) < set(claimed)


async def test_owners_take_turns(bench: Bench) -> None:
    hers = await bench.submit_many(3, "alice")
    his = await bench.submit_many(3, "bob")

    assert await claim_all(bench) == [hers[0], his[0], hers[1], his[1], hers[2], his[2]]


async def test_whoever_waits_longest_for_one_is_next_where_one_runs_at_a_time(bench: Bench) -> None:
    for owner in ("alice", "bob", "carol"):
        await bench.submit_many(3, owner)
    served = []

    for _ in range(7):
        lease = await bench.claim()
        served.append(lease.job.owner)
        bench.clock.advance(1)
        await bench.succeed(lease)

    assert served == ["alice", "bob", "carol", "alice", "bob", "carol", "alice"]


async def test_what_an_owner_has_running_counts_against_the_next(bench: Bench) -> None:
    await bench.submit_many(2, "alice")
    for _ in range(2):
        await bench.claim()
    hers = await bench.submit(owner="alice")
    his = await bench.submit_many(2, "bob")

    assert await claim_all(bench) == [*his, hers]


async def test_a_job_that_is_being_cancelled_still_counts_as_running(bench: Bench) -> None:
    running = await bench.submit(owner="alice")
    await bench.claim()
    await bench.service.cancel("alice", running)
    hers = await bench.submit(owner="alice")
    his = await bench.submit(owner="bob")

    assert await claim_all(bench) == [his, hers]


async def test_what_runs_of_another_kind_does_not_count(bench: Bench) -> None:
    await bench.submit(owner="alice", kind="video")
    await bench.claim("video")
    hers = await bench.submit(owner="alice")
    his = await bench.submit(owner="bob")

    assert await claim_all(bench) == [hers, his]


async def test_priority_goes_before_age_among_ones_own_jobs(bench: Bench) -> None:
    first, second, third = await bench.submit_many(3)
    await bench.set_row(third, priority=1)

    assert await claim_all(bench) == [third, first, second]


async def test_priority_goes_before_age_among_owners_whose_turn_is_equal(bench: Bench) -> None:
    hers = await bench.submit(owner="alice")
    his = await bench.submit(owner="bob")
    await bench.set_row(his, priority=1)

    assert await claim_all(bench) == [his, hers]


async def test_priority_does_not_let_an_owner_pass_everybody_elses_turn(bench: Bench) -> None:
    hers = await bench.submit_many(3, "alice")
    for job_id in hers:
        await bench.set_row(job_id, priority=10)
    his = await bench.submit(owner="bob")

    assert await claim_all(bench) == [hers[0], his, hers[1], hers[2]]


async def test_a_kind_is_claimed_by_its_own_workers_alone(bench: Bench) -> None:
    await bench.submit(kind="video")

    assert await bench.leases.claim("image") is None
    assert await claim_all(bench, "upload") == []
    assert len(await claim_all(bench, "video")) == 1


async def test_positions_are_the_order_in_which_jobs_are_really_claimed(bench: Bench) -> None:
    chance = random.Random(11)
    for _ in range(4):
        await bench.submit(chance.choice("abc"))
        await bench.claim()
    queued = {}
    for _ in range(30):
        owner = chance.choice("abcd")
        job_id = await bench.submit(owner)
        await bench.set_row(job_id, priority=chance.choice([0, 0, 1]))
        queued[job_id] = owner

    positions = {job_id: await position(bench, owner, job_id) for job_id, owner in queued.items()}

    assert sorted(positions, key=lambda job_id: positions[job_id] or 0) == await claim_all(bench)
    assert sorted(place or 0 for place in positions.values()) == list(range(1, 31))


async def test_only_a_job_in_the_queue_has_a_position(bench: Bench) -> None:
    first, second = await bench.submit_many(2)

    await bench.claim()

    assert await position(bench, "alice", first) is None
    assert await position(bench, "alice", second) == 1
