"""How long a job waits before it is tried again."""

import random
from datetime import timedelta

import pytest

from jobs.policies import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, LeasePolicy


def make_policy(seed: int = 7) -> LeasePolicy:
    return LeasePolicy(timedelta(seconds=30), random.Random(seed))


def pauses(attempts: int, retry_after: float | None = None) -> list[float]:
    policy = make_policy()
    return [policy.pause(attempts, retry_after).total_seconds() for _ in range(500)]


@pytest.mark.parametrize(("attempts", "longest"), [(1, 2.0), (2, 4.0), (3, 8.0), (5, 32.0), (6, 60.0), (100, 60.0)])
def test_the_bound_of_a_pause_doubles_up_to_a_minute(attempts: int, longest: float) -> None:
    drawn = pauses(attempts)

    assert max(drawn) <= longest == min(FIRST_RETRY_SECONDS * 2**attempts, LONGEST_RETRY_SECONDS)
    assert max(drawn) > longest * 0.9


def test_the_jitter_is_full_so_that_jobs_that_failed_together_come_back_apart() -> None:
    drawn = pauses(3)

    assert min(drawn) < 8.0 * 0.1
    assert len(set(drawn)) == len(drawn)


def test_a_pause_is_never_shorter_than_the_other_side_asked_for() -> None:
    assert set(pauses(1, retry_after=90)) == {90.0}


def test_a_pause_longer_than_what_the_other_side_asked_for_stays() -> None:
    drawn = pauses(5, retry_after=5)

    assert min(drawn) == 5
    assert max(drawn) > 25


def test_the_same_seed_draws_the_same_pauses() -> None:
    assert make_policy(1).pause(4, None) == make_policy(1).pause(4, None)
