"""What clients may send: the bounds of every field, and nothing that a database can't keep."""

from typing import Any

import pytest
from pydantic import ValidationError

from schema.requests import MAX_SEED, GenerationBody, ImageBody, MediaDeletion, MediaFilter, VideoBody

MINIMAL: dict[str, Any] = {"prompt": "a cat"}


def wrong_fields(model: type[GenerationBody], /, **fields: Any) -> set[str]:
    """Which fields are refused; by the names of the wire."""
    try:
        model.model_validate(MINIMAL | fields, by_alias=True, by_name=False)
    except ValidationError as error:
        return {str(each["loc"][0]) for each in error.errors()}
    return set()


def test_a_prompt_is_enough() -> None:
    image = ImageBody.model_validate(MINIMAL)

    assert (image.n, image.width, image.height, image.seed, image.options) == (1, 1024, 1024, None, {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 4001),
        ("prompt", "a\x00b"),
        ("prompt", "\ud800"),
        ("prompt", 17),
        ("negativePrompt", "x" * 4001),
        ("model", ""),
        ("seed", -1),
        ("seed", MAX_SEED + 1),
        ("seed", 1.5),
        ("seed", "1"),
        ("seed", True),
        ("n", 0),
        ("n", 9),
        ("width", 63),
        ("height", 2049),
        ("inputs", ["x"] * 17),
        ("inputs", [""]),
        ("options", []),
        ("unknown", 1),
        ("negative_prompt", "the name that only the code uses"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_by_its_field(field: str, value: Any) -> None:
    assert wrong_fields(ImageBody, **{field: value}) == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 65),
        ("height", 1921),
        ("n", 5),
        ("durationSeconds", 0.4),
        ("durationSeconds", 61),
        ("durationSeconds", float("inf")),
        ("durationSeconds", float("nan")),
        ("fps", 0),
        ("fps", 61),
    ],
)
def test_a_videos_rules_are_its_own(field: str, value: Any) -> None:
    assert wrong_fields(VideoBody, **{field: value}) == {field}


@pytest.mark.parametrize(
    "options",
    [
        {"a": "\x00"},
        {"a": "\ud800"},
        {"\udfff": 1},
        {"a": [{"b": ["c", {"d": "\x00"}]}]},
        {"a": 1e999},
        {"a": [-1e999]},
        {"a": float("nan")},
    ],
)
def test_options_hold_nothing_that_a_database_or_json_can_not(options: dict[str, Any]) -> None:
    assert wrong_fields(ImageBody, options=options) == {"options"}


def test_any_other_options_pass_as_they_are() -> None:
    options = {"a": "é\n\U0001f600", "b": [1, 2.5, None, True, {"c": -(10**30)}]}

    assert ImageBody.model_validate(MINIMAL | {"options": options}).options == options


@pytest.mark.parametrize("paths", [[], ["x"] * 101, ["x" * 1025], ["\x00"]])
def test_a_bulk_deletion_is_bounded(paths: list[str]) -> None:
    with pytest.raises(ValidationError):
        MediaDeletion(paths=paths)


def test_a_prefix_holds_nothing_that_a_database_can_not() -> None:
    with pytest.raises(ValidationError):
        MediaFilter(prefix="\x00")
