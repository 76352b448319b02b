"""The states of a job and its moves: closed, and with a way out of every state that is no end."""

from typing import get_args

import pytest

from jobs.lifecycle import TERMINAL, TRANSITIONS, UNFINISHED, Move, after
from schema.responses import JobStatus

STATES: tuple[JobStatus, ...] = get_args(JobStatus)
MOVES: tuple[Move, ...] = get_args(Move)


def targets_of(state: JobStatus) -> set[JobStatus]:
    return {target for (source, _), target in TRANSITIONS.items() if source == state}


def reachable_from(state: JobStatus) -> set[JobStatus]:
    reached: set[JobStatus] = set()
    frontier = {state}
    while frontier:
        reached |= frontier
        frontier = {target for each in frontier for target in targets_of(each)} - reached
    return reached


def test_moves_lead_from_states_to_states_by_known_moves_only() -> None:
    assert {source for source, _ in TRANSITIONS} | set(TRANSITIONS.values()) <= set(STATES)
    assert {move for _, move in TRANSITIONS} == set(MOVES)


def test_every_state_is_either_terminal_or_unfinished() -> None:
    assert set(STATES) == TERMINAL | UNFINISHED
    assert not TERMINAL & UNFINISHED


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_terminal_state_has_no_way_out(state: JobStatus) -> None:
    assert targets_of(state) == set()


@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_an_unfinished_state_reaches_an_end(state: JobStatus) -> None:
    assert reachable_from(state) & TERMINAL


def test_every_state_is_reached_from_the_queue() -> None:
    assert reachable_from("queued") == set(STATES)


@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_an_unfinished_job_can_always_end_as_cancelled(state: JobStatus) -> None:
    assert "cancelled" in reachable_from(state)


def test_a_job_that_is_being_cancelled_ends_as_nothing_else() -> None:
    assert reachable_from("cancelling") == {"cancelling", "cancelled"}


def test_only_a_claim_leads_to_work() -> None:
    assert [key for key, target in TRANSITIONS.items() if target == "running"] == [("queued", "claim")]


def test_a_move_that_there_is_not_is_refused() -> None:
    with pytest.raises(KeyError):
        after("succeeded", "cancel")


def test_nobody_can_add_a_transition() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS["failed", "claim"] = "running"  # type: ignore[index]  # what is tried here
