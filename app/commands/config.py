"""`config`: prints every setting, its value unless that is a secret, and where it comes from."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr

from app.access import SECRET_NAME as AUTH_SECRET_NAME
from app.commands.output import JsonLine, print_json, print_table
from app.main import check_combination
from schema.settings import Settings, SettingsError
from storage.opening import SECRET_NAME as STORAGE_SECRET_NAME

Source = Literal["environment", "default", "made once"]

HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Stated:
    """One setting as it is in force; `file` is where one that was made once is kept, or will be."""

    name: str
    value: Any
    source: Source
    is_secret: bool
    file: Path | None = None

    def as_json(self) -> JsonLine:
        line: JsonLine = {"name": self.name, "value": self.value, "source": self.source, "secret": self.is_secret}
        return line | ({"file": str(self.file), "exists": self.file.exists()} if self.file else {})

    def as_row(self) -> tuple[str, str, str]:
        if self.file is not None:
            made = "made once" if self.file.exists() else "will be made once"
            return self.name, HIDDEN, f"{made}, in {self.file}"
        is_given = self.source == "environment"
        return self.name, HIDDEN if self.is_secret and is_given else _text(self.value), self.source


def run(settings: Settings, options: Namespace) -> int:
    """Print them all, and say what keeps the service from starting with them, if something does."""
    stated = list(settings_of(settings))
    if options.json:
        print_json(each.as_json() for each in stated)
    else:
        print_table(("setting", "value", "from"), (each.as_row() for each in stated))
    try:
        check_combination(settings)
    except SettingsError as error:
        print(f"The service would not start. {error}", file=sys.stderr)  # noqa: T201  # beside what was asked for
        return 2
    return 0


def settings_of(settings: Settings) -> Iterator[Stated]:
    """Each setting in the order of the docs. The value of a secret is None, whatever it is."""
    values = settings.model_dump(mode="json")
    made = made_once(settings)
    for name, field in Settings.model_fields.items():
        is_secret = _holds_secret(field.annotation)
        is_given = name in settings.model_fields_set
        yield Stated(
            name=name.upper(),
            value=None if is_secret else values[name],
            source="environment" if is_given else "made once" if name in made else "default",
            is_secret=is_secret,
            file=made.get(name),
        )


def made_once(settings: Settings) -> dict[str, Path]:
    """Which secrets the service makes itself where none is given, and the files that keep them."""
    files = {}
    if not settings.has_auth:
        files["auth_secret"] = settings.data_dir / AUTH_SECRET_NAME
    if settings.storage_secret is None:
        files["storage_secret"] = (settings.storage_dir or settings.data_dir) / STORAGE_SECRET_NAME
    return files


def _holds_secret(kind: Any) -> bool:
    if get_origin(kind) in {UnionType, tuple} or get_args(kind):
        return any(_holds_secret(each) for each in get_args(kind))
    return kind is SecretStr


def _text(value: Any) -> str:
    """As the environment would have it; a dash where there is nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = ",".join(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "-" if value in {None, ""} else str(value)
