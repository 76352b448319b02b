"""What a caller may choose of the procedural renderer. Free of numpy, so that the provider can import it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STYLES = ("auto", "landscape", "abstract")
PALETTES = ("auto", "dawn", "rose", "azure", "sand", "ember", "dusk", "violet", "midnight", "boreal", "slate", "jade")
MIN_DETAIL, DEFAULT_DETAIL, MAX_DETAIL = 1, 2, 3

OPTIONS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "style": {
            "enum": list(STYLES),
            "default": "auto",
            "title": "Style",
            "description": "A landscape, an abstract colour field, or whichever the prompt suggests.",
        },
        "palette": {
            "enum": list(PALETTES),
            "default": "auto",
            "title": "Palette",
            "description": "The colours and the light; by default the prompt's words and the seed decide.",
        },
        "detail": {
            "type": "integer",
            "minimum": MIN_DETAIL,
            "maximum": MAX_DETAIL,
            "default": DEFAULT_DETAIL,
            "title": "Detail",
            "description": "How fine the structures are. More takes longer.",
        },
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one request, defaults filled in."""

    style: str = "auto"
    palette: str = "auto"
    detail: int = DEFAULT_DETAIL

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Options":
        """Read options that passed `OPTIONS_SCHEMA`. Raises TypeError for an unknown name."""
        return cls(**given)
