"""A model's options: whether a JSON schema is one, and whether options are what it says.

The library is loaded with the first question: a process that starts has none, and should not wait for it.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

Place = tuple[str | int, ...]
"""The way to a value within a document: names and indices."""


def schema_mistake(schema: Mapping[str, Any]) -> tuple[Place, str] | None:
    """Where and why `schema` is no JSON schema (draft 2020-12), or None."""
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415  # as the module says

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return tuple(error.absolute_path), error.message
    return None


def option_mistakes(schema: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Each place of `options` that `schema` refuses, and why."""
    for error in _validator(json.dumps(schema)).iter_errors(dict(options)):
        yield tuple(error.absolute_path), error.message


def suits(schema: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether options are what a schema says."""
    return next(option_mistakes(schema, options), None) is None


@lru_cache(maxsize=256)
def _validator(schema: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # as the module says

    return Draft202012Validator(json.loads(schema))
