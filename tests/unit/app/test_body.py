"""Bodies and cursors: what is read is what was meant, or it is refused."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.body import MAX_DEPTH, _decoded, cursor_of, fitted, parse_json
from app.problems import BodyError
from jobs.errors import FieldError, InvalidRequest
from jobs.ids import new_id
from schema.requests import ImageBody

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda children: st.lists(children) | st.dictionaries(st.text(), children), max_leaves=20
)


@given(VALUES)
def test_what_json_writes_is_read_as_it_was(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused_as_malformed(body: bytes) -> None:
    code = "malformed_json"
    try:
        parse_json(body)
    except BodyError as refused:
        code = refused.code

    assert code == "malformed_json"


@given(st.text(alphabet='{}[]",:\\u0123456789aefnrtE+-. \n', max_size=60))
def test_what_looks_like_json_is_read_as_json_reads_it_or_refused(text: str) -> None:
    try:
        value = parse_json(text.encode())
    except BodyError:
        return
    assert value == json.loads(text)


@pytest.mark.parametrize(("text", "number"), [("2.0", 2), ("-0.0", 0), ("1e3", 1000), ("20e-1", 2)])
def test_a_number_without_a_fraction_is_an_integer_however_it_is_written(text: str, number: int) -> None:
    read = parse_json(text.encode())

    assert (read, type(read)) == (number, int)


@pytest.mark.parametrize("text", ["1.5", "1e-3", "1e999"])
def test_a_number_with_a_fraction_or_beyond_all_bounds_is_none(text: str) -> None:
    assert type(parse_json(text.encode())) is float


@pytest.mark.parametrize("wrap", ["[%s]", '{"a": %s}'])
def test_the_deepest_nesting_is_read_and_one_more_is_refused(wrap: str) -> None:
    def nested(depth: int) -> bytes:
        text = "1"
        for _ in range(depth):
            text = wrap % text
        return text.encode()

    parse_json(nested(MAX_DEPTH - 1))
    with pytest.raises(BodyError):
        parse_json(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 1}', b'[{"b": {"a": 1, "a": 2}}]', rb'{"a": 1, "\u0061": 2}'])
def test_a_name_that_comes_twice_is_refused(body: bytes) -> None:
    with pytest.raises(BodyError):
        parse_json(body)


def test_the_reason_does_not_repeat_the_body() -> None:
    with pytest.raises(BodyError) as caught:
        parse_json(b'{"prompt": "a secret", oops}')

    assert "secret" not in caught.value.detail


@given(st.uuids())
def test_a_cursor_gives_back_the_id_that_it_was_made_of(id: UUID) -> None:
    cursor = cursor_of(str(id))

    assert cursor is not None
    assert _decoded(cursor) == str(id)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{22}", fullmatch=True))
def test_a_cursor_has_one_form_and_everything_else_is_refused(text: str) -> None:
    try:
        again = cursor_of(_decoded(text))
    except InvalidRequest:
        return
    assert again == text


def test_no_id_has_no_cursor() -> None:
    assert cursor_of(None) is None


def test_ids_of_this_service_survive_their_cursor() -> None:
    ids = [new_id() for _ in range(100)]

    assert [_decoded(cursor_of(id) or "") for id in ids] == ids  # noqa: A001  # what it is


def test_names_of_the_code_are_no_names_of_the_api() -> None:
    with pytest.raises(InvalidRequest) as caught:
        fitted(ImageBody, {"prompt": "x", "negative_prompt": "y"})

    assert [error.field for error in caught.value.errors] == ["negative_prompt"]


def test_a_broken_rule_is_told_without_the_librarys_prefix() -> None:
    with pytest.raises(InvalidRequest) as caught:
        fitted(ImageBody, {"prompt": "a\x00b"})

    [error] = caught.value.errors
    assert (error.field, error.message) == ("prompt", "must not contain NUL or lone surrogates")


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_what_is_no_object_is_told_without_a_name_of_ours(value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        fitted(ImageBody, value)

    assert refused.value.errors == (FieldError("", "send a JSON object"),)
