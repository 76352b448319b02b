"""Templates: JSON in which `{{name}}` stands for a value of the request, so that a menu says what an API is sent."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schema.options import Place

NAMES = frozenset(
    {
        "prompt",
        "negativePrompt",
        "seed",
        "width",
        "height",
        "aspectRatio",
        "durationSeconds",
        "fps",
        "frames",
        "image",
        "images",
    }
)
"""What a template may name, beside `options.<name>` for an option of the model."""

_NAMED = re.compile(r"\{\{([\w.]+)(\|text)?\}\}")
_OPTION = "options."


def names_in(template: Any) -> Iterator[tuple[str, Place]]:
    """Every name that a template mentions, and the path to where."""
    match template:
        case str():
            yield from ((name, ()) for name, _ in _NAMED.findall(template))
        case Mapping():
            for key, value in template.items():
                yield from ((name, (key, *path)) for name, path in names_in(value))
        case list():
            for index, value in enumerate(template):
                yield from ((name, (index, *path)) for name, path in names_in(value))


def is_known(name: str, options_schema: Mapping[str, Any]) -> bool:
    """Whether a template of a model with these options may mention this name."""
    option = name.removeprefix(_OPTION)
    return name in NAMES or (option != name and option in options_schema.get("properties", {}))


def option_of(name: str) -> str | None:
    """The option that a name stands for, if it does."""
    return name.removeprefix(_OPTION) if name.startswith(_OPTION) else None


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with the values in it. A text that is one name alone becomes the value, of whatever type it is;
    `{{name|text}}` becomes text.

    What would become None is left out of its object or list, and is nothing within a text.
    """
    match template:
        case str():
            whole = _NAMED.fullmatch(template)
            if whole and (not whole[2] or values.get(whole[1]) is None):
                return values.get(whole[1])
            return _NAMED.sub(lambda found: _text(values.get(found[1])), template)
        case Mapping():
            pairs = ((key, old, filled(old, values)) for key, old in template.items())
            return {key: new for key, old, new in pairs if new is not None or old is None}
        case list():
            news = ((old, filled(old, values)) for old in template)
            return [new for old, new in news if new is not None or old is None]
    return template


def _text(value: Any) -> str:
    return "" if value is None else str(value)
