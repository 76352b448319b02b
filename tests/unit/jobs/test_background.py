"""Work beside the caller: bounded by `settle`, and never able to fail somebody else."""

import asyncio

import pytest

from jobs.background import Background
from jobs.database import DatabaseUnavailable
from jobs.eventlog import LogUnavailable


async def test_settle_waits_for_work_that_work_started() -> None:
    background = Background()
    done: list[str] = []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        background.start("second", second())
        done.append("first")

    background.start("first", first())
    await background.settle()

    assert done == ["first", "second"]


@pytest.mark.parametrize("error", [LogUnavailable("x"), DatabaseUnavailable("x"), TimeoutError(), ValueError("a bug")])
async def test_work_that_fails_does_not_fail_whoever_waits_for_all(error: Exception) -> None:
    background = Background()
    done: list[str] = []

    async def failing() -> None:
        raise error

    async def other() -> None:
        done.append("other")

    background.start("failing", failing())
    background.start("other", other())
    await background.settle()

    assert done == ["other"]


async def test_work_begins_without_being_waited_for() -> None:
    background = Background()
    is_begun = asyncio.Event()
    may_end = asyncio.Event()

    async def work() -> None:
        is_begun.set()
        await may_end.wait()

    background.start("work", work())
    await is_begun.wait()

    may_end.set()
    await background.settle()
