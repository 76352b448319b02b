"""Identifiers sort as they were made, and keys can't be guessed."""

import re

import pytest

from jobs.ids import is_id, new_id, new_key


def test_ids_that_are_made_later_sort_later() -> None:
    made = [new_id() for _ in range(5000)]

    assert made == sorted(set(made))


def test_an_id_is_a_uuid_of_version_7_and_known_as_one() -> None:
    made = new_id()

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made)
    assert is_id(made)


AN_ID = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"


@pytest.mark.parametrize(
    "text", ["", "x", "../../etc/passwd", "0" * 32, f"{AN_ID}\n", AN_ID.upper(), "{" + AN_ID + "}"]
)
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_keys_are_url_safe_fit_their_column_and_never_repeat() -> None:
    keys = {new_key() for _ in range(1000)}

    assert len(keys) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", key) for key in keys)
