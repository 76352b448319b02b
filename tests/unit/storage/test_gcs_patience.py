"""How often what failed for the moment is tried again."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest

from storage.gcs_errors import TryAgain
from storage.gcs_patience import LONGEST_PAUSE_SECONDS, Patience
from storage.store import ObjectNotFound, StorageUnavailable


@dataclass
class Time:
    """A time that passes in pauses alone."""

    seconds: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


class Longest(Random):
    """Chance that always takes the most."""

    def uniform(self, a: float, b: float) -> float:
        return b


@dataclass
class Attempts:
    """Fails with these errors, one after the other, then succeeds."""

    errors: list[Exception]
    count: int = 0

    async def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def patience(time: Time, seconds: float = 60.0) -> Patience:
    return Patience(seconds, random=Longest(), sleep=time.sleep, now=time.now)


async def test_pauses_double_up_to_a_longest() -> None:
    time, attempts = Time(), Attempts([TryAgain("busy")] * 9)

    assert await patience(time).run(attempts) == "done"
    assert time.pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]


async def test_a_pause_is_anything_from_nothing_to_its_longest() -> None:
    time = Time()
    chance = Patience(60.0, random=Random(7), sleep=time.sleep, now=time.now)

    for _ in range(50):
        await chance.run(Attempts([TryAgain("busy")]))

    assert 0 <= min(time.pauses) < 0.02
    assert 0.08 < max(time.pauses) <= 0.1


async def test_a_server_that_names_a_time_is_not_asked_sooner() -> None:
    time = Time()

    await patience(time).run(Attempts([TryAgain("busy", retry_after=5.0)]))

    assert time.pauses == [5.0]


async def test_what_can_not_come_in_time_is_not_waited_for() -> None:
    time, attempts = Time(), Attempts([TryAgain("busy", retry_after=5.0)])

    with pytest.raises(StorageUnavailable, match="busy"):
        await patience(time, 4.0).run(attempts)

    assert (time.pauses, attempts.count) == ([], 1)


async def test_what_is_no_case_for_another_attempt_passes_through() -> None:
    attempts = Attempts([ObjectNotFound("a")])

    with pytest.raises(ObjectNotFound):
        await patience(Time()).run(attempts)

    assert attempts.count == 1


async def test_an_attempt_that_never_ends_is_given_up() -> None:
    async def endless() -> str:
        await asyncio.Event().wait()
        return ""

    with pytest.raises(StorageUnavailable, match="in time"):
        await patience(Time(), 0.01).run(endless)


async def test_progress_makes_patience_whole_again() -> None:
    time = Time()
    effort = patience(time, 1.0).effort()

    for _ in range(20):
        await effort.pause(TryAgain("cut"))
        effort.progress()

    assert time.pauses == [0.1] * 20
