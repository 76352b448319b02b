"""The heartbeat: it keeps the lease, carries progress, and says when to stop."""

import asyncio
from typing import Any

import pytest

from actors.heartbeat import Heartbeat
from actors.middleware.cancellation import StopSignal
from jobs.database import DatabaseUnavailable
from schema.responses import JobStatus
from tests.unit.actors.fakes import FakeLeases, make_lease

SHORT_SECONDS = 0.03


def make(leases: FakeLeases, signal: StopSignal, **overrides: Any) -> Heartbeat:
    values: dict[str, Any] = {
        "progress": lambda: (None, None),
        "asked_at": asyncio.get_running_loop().time(),
    }
    return Heartbeat(leases, make_lease(), signal, **(values | overrides))


def unavailable() -> JobStatus:
    raise DatabaseUnavailable


async def stopped(signal: StopSignal) -> None:
    """Return when the signal is given."""
    given = asyncio.Event()
    signal.bind(given.set)
    await given.wait()


async def test_it_beats_and_carries_how_far_the_work_is() -> None:
    steps = iter([(1.0, "one"), (2.0, "two"), (3.0, "three")])
    leases = FakeLeases(seconds=SHORT_SECONDS)
    heartbeat = make(leases, StopSignal(), progress=lambda: next(steps, (None, None)))

    async with heartbeat.beating():
        await leases.until_beats(3)

    assert leases.beats[:3] == [(1.0, "one"), (2.0, "two"), (3.0, "three")]


async def test_it_beats_no_more_when_the_work_is_over() -> None:
    leases = FakeLeases(seconds=SHORT_SECONDS)
    async with make(leases, StopSignal()).beating():
        await leases.until_beats(1)
    count = len(leases.beats)

    other = FakeLeases(seconds=SHORT_SECONDS)
    async with make(other, StopSignal()).beating():
        await other.until_beats(3)

    assert len(leases.beats) == count


async def test_a_cancel_stops_the_work_and_the_lease_is_kept_until_it_has_stopped() -> None:
    leases, signal = FakeLeases(seconds=SHORT_SECONDS, answer=lambda: "cancelling"), StopSignal()
    heartbeat = make(leases, signal)

    async with heartbeat.beating():
        await leases.until_beats(3)

    assert signal.reason == "cancelled"


async def test_a_lost_lease_stops_the_work_and_the_beat() -> None:
    leases, signal = FakeLeases(seconds=SHORT_SECONDS, answer=lambda: None), StopSignal()
    heartbeat = make(leases, signal)

    async with heartbeat.beating():
        await stopped(signal)
        assert not heartbeat.is_valid

    assert signal.reason == "lost"
    assert len(leases.beats) == 1


async def test_a_database_that_is_away_for_a_moment_changes_nothing() -> None:
    failures = iter([DatabaseUnavailable(), DatabaseUnavailable()])

    def answer() -> JobStatus:
        if failure := next(failures, None):
            raise failure
        return "running"

    leases, signal = FakeLeases(seconds=1.5, answer=answer), StopSignal()
    heartbeat = make(leases, signal)

    async with heartbeat.beating():
        await leases.until_beats(3)
        assert heartbeat.is_valid

    assert signal.reason is None


async def test_a_database_that_is_away_for_the_whole_lease_loses_it() -> None:
    leases, signal = FakeLeases(seconds=SHORT_SECONDS, answer=unavailable), StopSignal()
    heartbeat = make(leases, signal)

    async with heartbeat.beating():
        await stopped(signal)

    assert signal.reason == "lost"
    assert not heartbeat.is_valid


async def test_a_process_that_stood_still_for_longer_than_the_lease_does_not_hold_it() -> None:
    loop = asyncio.get_running_loop()
    leases = FakeLeases(seconds=30)

    assert make(leases, StopSignal(), asked_at=loop.time() - 29).is_valid
    assert not make(leases, StopSignal(), asked_at=loop.time() - 31).is_valid


@pytest.mark.parametrize("answer", ["running", "cancelling"])
async def test_an_answer_makes_the_lease_hold_anew(answer: JobStatus) -> None:
    leases = FakeLeases(seconds=1.5, answer=lambda: answer)
    loop = asyncio.get_running_loop()
    heartbeat = make(leases, StopSignal(), asked_at=loop.time() - 1.49)

    async with heartbeat.beating():
        await leases.until_beats(2)
        assert heartbeat.is_valid
