"""The state diagram in docs/jobs.md and the transitions in the code are the same."""

import re
from pathlib import Path

from jobs.lifecycle import TERMINAL, TRANSITIONS, UNFINISHED

PAGE = Path(__file__).parents[3] / "docs" / "jobs.md"
EDGE = re.compile(r"^ *(\[\*\]|\w+) --> (\[\*\]|\w+)(?: *: *(\w+))? *$", re.MULTILINE)


def diagram() -> list[tuple[str, str, str]]:
    """The edges as (from, move, to), `[*]` being the beginning and the end."""
    blocks = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return [(source, move, target) for source, target, move in EDGE.findall(blocks[0])]


def test_the_diagram_draws_every_transition_once_and_no_other() -> None:
    drawn = sorted(edge for edge in diagram() if "[*]" not in {edge[0], edge[2]})

    assert drawn == sorted((source, move, target) for (source, move), target in TRANSITIONS.items())


def test_the_diagram_begins_in_the_queue() -> None:
    assert [target for source, _, target in diagram() if source == "[*]"] == ["queued"]


def test_the_diagram_ends_in_the_terminal_states_alone() -> None:
    assert sorted(source for source, _, target in diagram() if target == "[*]") == sorted(TERMINAL)


def test_every_state_is_drawn() -> None:
    drawn = {state for source, _, target in diagram() for state in (source, target)} - {"[*]"}

    assert drawn == TERMINAL | UNFINISHED
