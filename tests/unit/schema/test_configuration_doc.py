"""The table in docs/configuration.md is what schema/settings.py says; on a difference the right table is printed."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from schema.provider_keys import ApiUrl, ProviderKeys
from schema.settings import BasePath, DatabaseUrl, KeySetUrl, Networks, Origins, Secrets, Settings, UploadTypes

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `[A-Z_]+` \|.*$", re.MULTILINE)

NAMES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
    KeySetUrl: "URL",
    ApiUrl: "URL",
    DatabaseUrl: "URL",
    get_args(Secrets)[0]: "list of secrets of at least 32 characters",
    get_args(Networks)[0]: "list of addresses or networks",
    get_args(Origins)[0]: "list of origins",
    get_args(UploadTypes)[0]: "list of content types",
    get_args(BasePath)[0]: "text",
}


def table() -> list[str]:
    fields = sorted(Settings.model_fields.items(), key=lambda each: each[0] in ProviderKeys.model_fields)
    return [row_of(name, field) for name, field in fields]


def row_of(name: str, field: FieldInfo) -> str:
    return f"| `{name.upper()}` | {type_of(field)} | {default_of(field)} | {field.description} |"


def type_of(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    return " ".join([NAMES[kind], *(bounds_of(field) if get_origin(kind) is not tuple else ())])


def bounds_of(field: FieldInfo) -> Iterator[str]:
    words = (("ge", "from {}"), ("gt", "above {}"), ("le", "up to {}"), ("min_length", "of at least {} characters"))
    for attribute, wording in words:
        for bound in field.metadata:
            value = getattr(bound, attribute, None)
            if value is not None:
                yield wording.format(value)


def default_of(field: FieldInfo) -> str:
    value: Any = field.default
    if value in (None, "", ()):
        return "none"
    if isinstance(value, bool):
        return f"`{value}`".lower()
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def test_the_table_is_what_the_settings_say() -> None:
    documented = ROW.findall(PAGE.read_text(encoding="utf-8"))

    assert documented == table(), "docs/configuration.md should have:\n" + "\n".join(table())


def test_every_setting_has_a_sentence() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []
