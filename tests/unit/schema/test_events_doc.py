"""The table in docs/events.md and the event catalogue are the same."""

import re
from pathlib import Path

from schema.events import EVENTS

PAGE = Path(__file__).parents[3] / "docs" / "events.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| `\{(.+?)\}` \| (yes|) ?\|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str, str]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_the_table_lists_every_event_in_the_order_of_the_catalogue_and_says_when_it_is_sent() -> None:
    assert [(name, when) for name, when, _, _ in rows()] == [(each.name, each.when) for each in EVENTS.values()]


def test_the_table_gives_the_members_of_every_payload() -> None:
    documented = {name: payload.split(", ") for name, _, payload, _ in rows()}

    assert documented == {
        each.name: [field.alias or name for name, field in each.payload.model_fields.items()]
        for each in EVENTS.values()
    }


def test_the_table_marks_the_events_that_end_a_job() -> None:
    assert {name for name, _, _, ends in rows() if ends} == {each.name for each in EVENTS.values() if each.is_terminal}
