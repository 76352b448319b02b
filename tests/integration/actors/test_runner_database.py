"""The runner and its database: what it asks at a bad moment, it asks again or leaves to others."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TypeVar

from actors.work import Run
from jobs.database import Database, DatabaseUnavailable, Work
from tests.factories import open_bench
from tests.integration.actors.runner_bench import Hindered, open_runner

T = TypeVar("T")


async def hindered(database_file: Path, scratch: Path, *errors: Exception) -> tuple[object, str, int]:
    """The ending, the job's status and the number of results, where finishing meets these errors first."""
    made: list[Hindered] = []

    def wrap(database: Database) -> Database:
        made.append(Hindered(database))
        return made[0]

    async with open_bench(database_file, wrap=wrap) as bench, open_runner(bench, scratch) as at_work:
        job_id = await bench.submit()

        async def hinder(_run: Run) -> None:
            made[0].errors, made[0].at = list(errors), "LeaseService.succeed"

        at_work.work.act = hinder
        ending = await at_work.run()
        page = await bench.library.list("alice", prefix=None, kind=None, source=None, before=None, limit=10)
        return ending, (await bench.row(job_id)).status, len(page.items)


async def test_a_database_that_is_away_at_the_end_is_asked_again(database_file: Path, tmp_path: Path) -> None:
    away = (DatabaseUnavailable(), DatabaseUnavailable())

    assert await hindered(database_file, tmp_path, *away) == ("succeeded", "succeeded", 1)


async def test_an_end_that_cannot_be_written_is_a_failure_like_any_other(database_file: Path, tmp_path: Path) -> None:
    error = RuntimeError("the results break a rule of the database")

    assert await hindered(database_file, tmp_path, error) == ("failed", "queued", 0)


async def test_a_database_that_is_away_at_the_claim_leaves_the_job_queued(database_file: Path, tmp_path: Path) -> None:
    made: list[Hindered] = []

    def wrap(database: Database) -> Database:
        made.append(Hindered(database))
        return made[0]

    async with open_bench(database_file, wrap=wrap) as bench, open_runner(bench, tmp_path) as at_work:
        job_id = await bench.submit()
        made[0].errors = [DatabaseUnavailable()]

        assert await at_work.run() is None

        assert (await bench.row(job_id)).status == "queued"
        assert await at_work.run() == "succeeded"


class Paused(Database):
    """A database in which the first claim waits between its look at the queue and its grip."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self.is_waiting = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def single(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        is_claim = isinstance(work, partial) and "lease" in work.keywords
        if is_claim and not self.is_waiting.is_set():
            self.is_waiting.set()
            await self.may_go_on.wait()
        return await super().single(work, recall=recall)


async def test_a_wake_up_is_not_spent_on_a_job_that_another_worker_took(database_file: Path, tmp_path: Path) -> None:
    made: list[Paused] = []

    def wrap(database: Database) -> Database:
        made.append(Paused(database))
        return made[0]

    async with open_bench(database_file, wrap=wrap) as bench, open_runner(bench, tmp_path) as at_work:
        await bench.submit()
        slow = at_work.start()
        await made[0].is_waiting.wait()
        await bench.submit()
        quick = await at_work.run()

        made[0].may_go_on.set()

        assert (quick, await slow) == ("succeeded", "succeeded")
