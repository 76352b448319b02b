"""Progress: real units, each whole percent once, in order, and nothing that nobody should hear."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.middleware.progress import MESSAGE_CHARACTERS, Progress, ProgressReporter
from actors.screen import Screen
from jobs.database import DatabaseUnavailable
from jobs.eventlog import LogUnavailable
from tests.unit.actors.fakes import FakeLeases, FakePreviews, make_lease


async def told(leases: FakeLeases, *calls: Any, may_speak: Any = lambda: True) -> list[Any]:
    """What is told of a run that makes these calls on its reporter."""
    reporter = ProgressReporter(leases, Screen(FakePreviews()))
    async with reporter.telling(make_lease(), may_speak):
        for call in calls:
            call(reporter)
    return leases.told


def units(done: int, total: int, message: str = "") -> Any:
    return lambda reporter: reporter.units(done, total, message)


def phase(message: str) -> Any:
    return lambda reporter: reporter.phase(message)


def expect(files: int) -> Any:
    return lambda reporter: reporter.expect(files)


def stored(reporter: ProgressReporter) -> None:
    reporter.stored()


async def test_the_start_is_told_before_any_progress() -> None:
    assert await told(FakeLeases(), units(1, 2, "half")) == ["start", (50.0, "half")]


async def test_the_start_is_told_of_a_run_that_reports_nothing() -> None:
    leases = FakeLeases()
    reporter = ProgressReporter(leases, Screen(FakePreviews()))
    async with reporter.telling(make_lease(), lambda: True):
        await leases.until_told(1)

    assert leases.told == ["start"]


async def test_each_whole_percent_is_told_once() -> None:
    leases = FakeLeases()

    await told(leases, *(units(done, 1000) for done in range(1001)))

    assert leases.percents == [float(percent) for percent in range(101)]


async def test_few_units_are_told_one_by_one() -> None:
    leases = FakeLeases()

    await told(leases, *(units(done, 4) for done in range(5)))

    assert leases.percents == [0, 25, 50, 75, 100]


async def test_files_to_be_stored_are_units_of_the_work() -> None:
    leases = FakeLeases()

    await told(leases, expect(2), units(8, 8), stored, stored)

    assert leases.percents == [80, 90, 100]
    assert leases.told[-1] == (100, "Stored 2 of 2")


async def test_100_is_the_last_unit_and_nothing_less() -> None:
    leases = FakeLeases()

    await told(leases, units(99_999, 100_000), units(100_000, 100_000))

    assert leases.percents == [99.99, 100]


@given(st.lists(st.integers(min_value=0, max_value=500), max_size=60), st.integers(min_value=0, max_value=8))
def test_progress_never_falls_and_stays_in_its_bounds(steps: list[int], files: int) -> None:
    async def run() -> list[float | None]:
        leases = FakeLeases()
        await told(leases, expect(files), *(units(done, 500) for done in sorted(steps)))
        return leases.percents

    percents = [percent or 0 for percent in asyncio.run(run())]

    assert percents == sorted(set(percents))
    assert all(0 <= percent <= 100 for percent in percents)
    assert (100 in percents) == (files == 0 and 500 in steps)


async def test_all_that_was_noted_is_told_before_the_run_goes_on() -> None:
    leases = FakeLeases()
    reporter = ProgressReporter(leases, Screen(FakePreviews()))

    async with reporter.telling(make_lease(), lambda: True):
        for done in range(101):
            reporter.units(done, 100)

    assert leases.percents[-1] == 100


async def test_a_run_that_failed_waits_for_nothing() -> None:
    leases = FakeLeases()
    reporter = ProgressReporter(leases, Screen(FakePreviews()))

    async def fail() -> None:
        async with reporter.telling(make_lease(), lambda: True):
            reporter.units(1, 2)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert leases.percents == []


async def test_a_phase_is_told_without_a_number_and_once() -> None:
    assert await told(FakeLeases(), phase("Waiting"), phase("Waiting"), phase("Working")) == [
        "start",
        (None, "Waiting"),
        (None, "Working"),
    ]


async def test_a_message_is_bounded() -> None:
    leases = FakeLeases()

    await told(leases, units(1, 2, "x" * 1000), phase("y" * 1000))

    assert [len(message) for _, message in leases.told[1:]] == [MESSAGE_CHARACTERS] * 2


async def test_a_run_that_was_overtaken_keeps_silent() -> None:
    leases = FakeLeases()

    await told(leases, units(1, 2), may_speak=lambda: False)

    assert leases.percents == []


@pytest.mark.parametrize("error", [LogUnavailable(), DatabaseUnavailable(), RuntimeError("a bug")])
async def test_what_cannot_be_told_is_overtaken_by_the_next_step(error: Exception) -> None:
    leases = FakeLeases()
    failures = iter([error, error])

    def hinder(_: str) -> None:
        if failure := next(failures, None):
            raise failure

    leases.hinder = hinder

    await told(leases, units(1, 4), units(2, 4), units(3, 4))

    assert leases.told[0] == "start"
    assert leases.told[-1] == (75, None)


async def test_the_latest_step_is_there_for_the_heartbeat() -> None:
    reporter = ProgressReporter(FakeLeases(), Screen(FakePreviews()))
    steps = [reporter.latest]

    reporter.units(1, 3, "a third")
    steps.append(reporter.latest)
    reporter.phase("Waiting")
    steps.append(reporter.latest)

    assert steps == [(None, None), (33.33, "a third"), (None, "Waiting")]


async def test_every_message_has_a_reporter_of_its_own() -> None:
    progress = Progress(FakeLeases(), FakePreviews())

    async def reporter_of_a_message() -> ProgressReporter:
        progress.before_process_message(None, None)  # type: ignore[arg-type]  # neither is looked at
        await asyncio.sleep(0)
        return progress.reporter

    one, two = await asyncio.gather(*(asyncio.create_task(reporter_of_a_message()) for _ in range(2)))

    assert one is not two
