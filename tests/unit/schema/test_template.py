"""Templates: names become values, of whatever type they are, and what a request doesn't have is left out."""

from typing import Any

import pytest

from schema.template import filled, names_in

VALUES: dict[str, Any] = {"prompt": "a {{seed}}", "seed": 7, "durationSeconds": 5, "image": None, "options.cfg": 3.5}


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("{{seed}}", 7),
        ("{{seed|text}}", "7"),
        ("{{durationSeconds}}s", "5s"),
        ("{{options.cfg}}", 3.5),
        ("{{prompt}}", "a {{seed}}"),
        ("no {name}", "no {name}"),
        ("from {{image}}.", "from ."),
        ("{{image|text}}", None),
        ({"image": "{{image}}", "kept": None, "n": 1}, {"kept": None, "n": 1}),
        ([["{{image}}"], "{{seed}}", None], [[], 7, None]),
        ({"{{seed}}": True}, {"{{seed}}": True}),
    ],
)
def test_a_name_becomes_its_value(template: Any, result: Any) -> None:
    assert filled(template, VALUES) == result


def test_every_name_is_found_with_its_place() -> None:
    template = {"a": ["x", "{{seed}} of {{prompt|text}}"], "b": {"c": "{{image}}"}}

    assert list(names_in(template)) == [("seed", ("a", 1)), ("prompt", ("a", 1)), ("image", ("b", "c"))]
