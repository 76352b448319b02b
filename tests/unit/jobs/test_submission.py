"""The fingerprint by which a repeated request is known again."""

from dataclasses import replace
from typing import Any

import pytest

from tests.factories import SUBMISSION


def fingerprint(body: Any) -> str:
    return replace(SUBMISSION, body=body).fingerprint


def test_the_order_of_members_makes_no_other_request() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint({"b": {"d": 3, "c": 2}, "a": 1})


@pytest.mark.parametrize(
    "other", [{"a": [2, 1]}, {"a": [1, 2], "b": None}, {"a": ["1", "2"]}, {"A": [1, 2]}, [1, 2], None]
)
def test_any_other_value_makes_another_request(other: Any) -> None:
    assert fingerprint({"a": [1, 2]}) != fingerprint(other)


def test_the_same_body_for_another_kind_is_another_request() -> None:
    assert SUBMISSION.fingerprint != replace(SUBMISSION, kind="video").fingerprint


def test_the_owner_and_the_completed_request_are_no_part_of_it() -> None:
    other = replace(SUBMISSION, owner="bob", request={"prompt": "a cat", "seed": 17})

    assert other.fingerprint == SUBMISSION.fingerprint
