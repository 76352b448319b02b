"""Previews on the real lifecycle: shown while the job runs, and gone when it has ended, whoever was killed."""

import asyncio
from pathlib import Path

from actors.work import Run
from tests.factories import Bench, paths_in
from tests.integration.actors.runner_bench import open_runner
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)


async def shown(bench: Bench) -> list[str]:
    """The paths of previews."""
    return [path for path in await paths_in(bench.store, "derivatives/") if "_preview/" in path]


async def test_a_preview_is_there_while_the_job_runs_and_not_afterwards(bench: Bench, tmp_path: Path) -> None:
    during: list[str] = []

    async def show(run: Run) -> None:
        run.report.preview(PICTURE, "image/png")
        while not (found := await shown(bench)):
            await bench.database.check()
        during.extend(found)

    async with open_runner(bench, tmp_path) as at_work:
        at_work.work.act = show
        job_id = await bench.submit()
        assert await at_work.run() == "succeeded"

    assert during == [f"derivatives/alice/images/{job_id}_preview/1-1"]
    assert await shown(bench) == []


async def test_what_a_killed_worker_showed_is_removed_in_the_end(bench: Bench, tmp_path: Path) -> None:
    async def show(run: Run) -> None:
        run.report.preview(PICTURE, "image/png")
        while not await shown(bench):
            await bench.database.check()
        await at_work.work.wait(run)

    async with open_runner(bench, tmp_path) as at_work:
        at_work.work.act = show
        await bench.submit(request={"deadlineSeconds": 600})
        killed = at_work.start()
        await at_work.work.began.wait()
        while not await shown(bench):
            await bench.database.check()

        await bench.lapse()
        lease = await bench.claim()
        await bench.succeed(lease)
        left = await shown(bench)
        bench.clock.advance(601)
        await bench.sweep()

        assert len(left) == 1
        assert await shown(bench) == []
        at_work.cancellation.stop_all("lost")
        at_work.work.may_end.set()
        await asyncio.wait([killed])
