"""Readiness: each dependency is asked, side by side and not for long."""

import asyncio
import time
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from jobs.readiness import CHECK_SECONDS, Readiness


async def fine() -> None:
    return


async def broken() -> None:
    raise RuntimeError("a secret address does not answer")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_the_one_that_fails_is_named() -> None:
    readiness = Readiness({"database": fine, "redis": broken})

    assert await readiness.look() == {"database": "ok", "redis": "failed"}


async def test_those_that_hang_fail_together_in_bounded_time() -> None:
    begun = time.monotonic()

    state = await Readiness({"database": hanging, "redis": hanging, "storage": fine}).look()

    assert state == {"database": "failed", "redis": "failed", "storage": "ok"}
    assert time.monotonic() - begun < 2 * CHECK_SECONDS


async def test_one_that_does_not_even_end_when_cancelled_is_left_and_joined_by_the_next_look() -> None:
    asked, may_end = [], asyncio.Event()

    async def stubborn() -> None:
        asked.append(1)
        while not may_end.is_set():
            with suppress(asyncio.CancelledError):
                await may_end.wait()

    readiness = Readiness({"database": stubborn})

    assert await readiness.look() == {"database": "failed"}
    looking = asyncio.create_task(readiness.look())
    await asyncio.sleep(0)
    may_end.set()

    assert await looking == {"database": "ok"}
    assert asked == [1]


async def test_changes_are_logged_once_and_without_details() -> None:
    answers = iter([fine, broken, broken, fine])

    async def answer() -> None:
        await next(answers)()

    readiness = Readiness({"redis": answer})

    with capture_logs() as log:
        for _ in range(4):
            await readiness.look()

    changes = [line for line in log if line["event"] == "dependency_changed"]
    assert [(line["dependency"], line["state"]) for line in changes] == [("redis", "failed"), ("redis", "ok")]
    assert "secret" not in str(log)


@pytest.mark.parametrize("count", [1, 20])
async def test_looks_at_the_same_time_do_not_disturb_each_other(count: int) -> None:
    readiness = Readiness({"database": fine, "redis": broken})

    states = await asyncio.gather(*(readiness.look() for _ in range(count)))

    assert states == [{"database": "ok", "redis": "failed"}] * count
