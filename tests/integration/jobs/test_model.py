"""Whatever clients, workers, clocks and Redis do: every job ends once, is told so once, and leaves nothing behind."""

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import func, select

from schema.tables import CleanupRow, EventRow, JobRow, MediaRow
from tests.clock import ManualClock
from tests.databases import Place
from tests.factories import LEASE_SECONDS, Bench, open_bench, paths_in
from tests.integration.jobs.model import OUTPUTS, OWNERS, World

STEPS = 60
MOST_ROUNDS = 60
ENDS = {"generation_complete", "generation_failed"}


async def play(world: World) -> None:
    """Let things happen, several at once, while time passes."""
    for _ in range(STEPS):
        actions = [world.act() for _ in range(world.chance.choice([1, 1, 2, 4]))]
        await asyncio.gather(*(action() for action in actions))
        if world.chance.random() < 0.05:
            await world.flush()
        await world.read()
        world.shared.clock.advance(world.chance.choice([0.1, 0.1, 0.5, 3, 11, LEASE_SECONDS + 1]))


async def finish(world: World) -> None:
    """Redis is back; whoever is at work dies or gets through, and sweepers sweep until all is quiet."""
    world.shared.server.connected = True
    for _ in range(MOST_ROUNDS):
        world.shared.clock.advance(2 * LEASE_SECONDS + 2)
        for process in world.processes:
            await process.sweep()
        while world.shared.wake_ups.queue:
            await world.claim()
        for worker in world.workers:
            await world.succeed(worker)
        world.workers.clear()
        await world.settle()
        await world.read()
        if await is_quiet(world.shared):
            return
    pytest.fail("it never came to rest:\n" + "\n".join(world.trace))


async def is_quiet(bench: Bench) -> bool:
    async with bench.database.reading() as connection:
        unfinished = select(func.count()).where(JobRow.finished_at.is_(None))
        untold = select(func.count()).where(EventRow.published_id.is_(None))
        garbage = select(func.count()).select_from(CleanupRow)
        return not any([(await connection.execute(query)).scalar_one() for query in (unfinished, untold, garbage)])


async def check_rows(world: World) -> None:
    bench = world.shared
    for job_id in world.submitted:
        names = await bench.event_names(job_id)
        row = await bench.row(job_id)
        assert sum(name in ENDS for name in names) == 1, (job_id, names)
        assert names.count("generation_started") == min(row.claims, 1)
        assert names.count("generation_queued") == 1
        assert row.attempts <= min(row.claims, row.max_attempts)
        assert ("generation_complete" in names) == (row.status == "succeeded")


def check_what_was_read(world: World) -> None:
    for job_id, owner in world.submitted.items():
        names = world.readers[owner].names_of(job_id)
        counts = Counter(names)
        assert names[0] == "generation_queued", (job_id, names)
        assert names[-1] in ENDS, (job_id, names)
        assert sum(counts[end] for end in ENDS) == counts["generation_queued"] == 1, (job_id, names)
        assert counts["generation_started"] <= 1, (job_id, names)
        if "generation_progress" in names:
            assert names.index("generation_started") < names.index("generation_progress"), (job_id, names)
    assert {entry.job_id for reader in world.readers.values() for entry in reader.entries if entry.job_id} == set(
        world.submitted
    )


async def check_store(world: World) -> None:
    bench = world.shared
    async with bench.database.reading() as connection:
        owned = (await connection.execute(select(MediaRow.path, MediaRow.job_id))).all()
    assert sorted(await paths_in(bench.store)) == sorted(media.path for media in owned)
    for job_id, count in Counter(media.job_id for media in owned).items():
        assert job_id is not None
        assert (await bench.row(job_id)).status == "succeeded"
        assert count <= OUTPUTS


@pytest.mark.parametrize(("place", "seed"), [("sqlite", 3), ("postgresql", 5), ("cockroachdb", 7)], indirect=["place"])
async def test_every_job_ends_once_is_told_in_order_and_leaves_nothing_behind(
    place: Place, clock: ManualClock, seed: int
) -> None:
    async with (
        open_bench(place, clock=clock) as one,
        open_bench(place, clock=clock, server=one.server, store=one.store, wake_ups=one.wake_ups) as other,
    ):
        world = World([one, other], random.Random(seed))
        await world.open()

        await play(world)
        await finish(world)

        try:
            await check_rows(world)
            check_what_was_read(world)
            await check_store(world)
        except AssertionError as error:
            error.add_note("\n".join(world.trace))
            raise
        assert len(world.submitted) > len(OWNERS)
