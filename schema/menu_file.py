"""Reading a menu from YAML: what is wrong with it is told with the file's name and the line."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from schema.menu import Menu, MenuMistake
from schema.options import Place
from schema.settings import SettingsError

NAME: Final = "MODELS_FILE"
MOST_DEPTH = 32

# The one in C is some ten times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Lines:
    """The value of a document, and in which line each part of it stands."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lines: dict[Place, int] = {(): 1}
        self._scalars = yaml.SafeLoader("")

    def read(self, text: str) -> Any:
        """The document as plain values. Raises `SettingsError`."""
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._wrong_at(mark.line + 1 if mark else 1, error.problem or "is no YAML") from None
        except yaml.YAMLError as error:
            raise self._wrong_at(1, f"is no YAML: {type(error).__name__}") from None
        return None if node is None else self._value(node, ())

    def wrong(self, place: Place, message: str) -> SettingsError:
        """The mistake at a place, or at the nearest that is written down."""
        known = place
        while known not in self._lines:
            known = known[:-1]
        where = ".".join(map(str, place))
        return self._wrong_at(self._lines[known], f"{where}: {message}" if where else message)

    def _wrong_at(self, line: int, message: str) -> SettingsError:
        return SettingsError(f"{NAME}: {self._file}:{line}: {message}")

    def _value(self, node: yaml.Node, place: Place) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if len(place) > MOST_DEPTH:
            raise self.wrong(place, "is nested too deep")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, place)
            case yaml.SequenceNode():
                return [self._value(each, (*place, index)) for index, each in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            raise self.wrong(place, "can't be read") from None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value
            if not isinstance(name, str):
                raise self._wrong_at(key.start_mark.line + 1, "a key must be text")
            here = (*place, name)
            if name in mapping:
                raise self._wrong_at(key.start_mark.line + 1, f"{'.'.join(map(str, here))}: comes twice")
            self._lines[here] = key.start_mark.line + 1
            mapping[name] = self._value(value, here)
        return mapping


Read = Callable[[str], str]
"""Gives the text of a file that a menu names, by its path from there. Raises `OSError`, `UnicodeDecodeError`."""


def _no_files(path: str) -> str:
    raise FileNotFoundError(f"no such file: {path}")


def parse_menu(text: str, file: str, read: Read = _no_files, *, is_shipped: bool = False) -> Menu:
    """The menu that `text` has; `file` is what its mistakes are told by. Raises `SettingsError`.

    Of the menu that is shipped, the tests have checked the schemas: each start is spared it.
    """
    lines = _Lines(file)
    value = lines.read(text)
    _put_in_workflows(value, lines, read)
    try:
        menu = Menu.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise lines.wrong(first["loc"], first["msg"].removeprefix("Value error, ")) from None
    try:
        menu.check()
        if not is_shipped:
            menu.check_schemas()
    except MenuMistake as error:
        raise lines.wrong(error.path, error.message) from None
    return menu


def _put_in_workflows(value: Any, lines: _Lines, read: Read) -> None:
    """Put workflows that are named by their files in the place of the names."""
    models = value.get("models") if isinstance(value, dict) else None
    for index, entry in enumerate(models if isinstance(models, list) else ()):
        match entry:
            case {"settings": {"workflow": str(path)} as settings}:
                place = ("models", index, "settings", "workflow")
                try:
                    settings["workflow"] = json.loads(read(path))
                except OSError as error:
                    raise lines.wrong(place, f"{path}: {error.strerror or error}") from None
                except ValueError:
                    raise lines.wrong(place, f"{path}: is no JSON") from None
                if isinstance(settings["workflow"], dict) and "nodes" in settings["workflow"]:
                    raise lines.wrong(place, f"{path}: is not in API format, which ComfyUI exports by itself")


def read_menu(file: Path | None) -> Menu:
    """The menu of a file, or the one that is shipped. Raises `SettingsError`."""
    if file is None:
        shipped = resources.files("schema")

        def read(path: str) -> str:
            return (shipped / path).read_text("utf-8")

        return parse_menu(read("models.yaml"), "models.yaml", read, is_shipped=True)
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{NAME}: {file}: is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{NAME}: {file}: {error.strerror or type(error).__name__}") from None
    return parse_menu(text, str(file), lambda path: (file.parent / path).read_text("utf-8"))
