"""What clients send: every request body, with its bounds."""

import math
import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from schema.wire import Wire

MAX_SEED = 2**63 - 1

_FORBIDDEN_CHARACTERS = re.compile(r"[\x00\ud800-\udfff]")


def _storable(text: str) -> str:
    """PostgreSQL stores neither NUL nor lone surrogates, so no database is given any."""
    if _FORBIDDEN_CHARACTERS.search(text):
        raise ValueError("must not contain NUL or lone surrogates")
    return text


# What JSON schema can say of it: a lone surrogate is no character there at all.
Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]

# Behind the last slash there is something else than control characters, ASCII's and general punctuation, and spaces.
_NAMED = r"^[^\x00]*[^\x00-\x2f:-@\[-`{-\xa0\u2000-\u206f\u3000-\u303f\ufeff][^/\\\x00]*$"


def _storable_json(value: Any) -> Any:
    """The same for all text in a JSON value, and no number that JSON can't write: `1e999` is read as infinite."""
    match value:
        case str():
            _storable(value)
        case float() if not math.isfinite(value):
            raise ValueError("must not contain numbers beyond the range of doubles")
        case dict():
            for name, member in value.items():
                _storable(name)
                _storable_json(member)
        case list():
            for element in value:
                _storable_json(element)
    return value


Options = Annotated[dict[str, Any], AfterValidator(_storable_json)]


def _even(number: int) -> int:
    """H.264 in its common pixel format halves the colour planes in both directions."""
    if number % 2:
        raise ValueError("must be even")
    return number


VideoEdge = Annotated[int, Field(ge=64, le=1920, json_schema_extra={"multipleOf": 2}), AfterValidator(_even)]


def _day(text: Any) -> date:
    """A day as RFC 3339 writes it; Python reads other forms, too."""
    if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return date.fromisoformat(text)
    raise ValueError("must be a day as in 2026-11-22")


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


def _named(filename: str) -> str:
    if not re.search(_NAMED, filename):
        raise ValueError("no usable name is left of it")
    return filename


class GenerationBody(Wire):
    """What image and video requests share. Output i uses `seed + i`.

    A job that has not ended `deadline_seconds` after it was accepted fails with `deadline_exceeded`.
    """

    prompt: Text = Field(min_length=1, max_length=4000)
    negative_prompt: Text | None = Field(default=None, max_length=4000)
    model: Text | None = Field(default=None, min_length=1, max_length=200)
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    inputs: list[Annotated[Text, Field(min_length=1, max_length=1024)]] = Field(default=[], max_length=16)
    options: Options = Field(default={})
    deadline_seconds: float | None = Field(default=None, ge=1, le=604_800, allow_inf_nan=False)


class ImageBody(GenerationBody):
    """`POST /generate/image`. Sizes in pixels."""

    n: int = Field(default=1, ge=1, le=8)
    width: int = Field(default=1024, ge=64, le=2048)
    height: int = Field(default=1024, ge=64, le=2048)


class VideoBody(GenerationBody):
    """`POST /generate/video`. Sizes in pixels, `fps` in frames per second."""

    n: int = Field(default=1, ge=1, le=4)
    width: VideoEdge = 512
    height: VideoEdge = 512
    duration_seconds: float = Field(default=4, ge=0.5, le=60, allow_inf_nan=False)
    fps: int = Field(default=24, ge=1, le=60)


class UploadBody(Wire):
    """`POST /media/upload/init`. `size` in bytes."""

    filename: Annotated[Text, AfterValidator(_named)] = Field(
        min_length=1, max_length=1024, json_schema_extra={"pattern": _NAMED}
    )
    content_type: Text = Field(min_length=1, max_length=200)
    size: int | None = Field(default=None, ge=1)
    resumable: bool = False


class UploadReference(Wire):
    """`POST /media/upload/complete` and `/abort`."""

    object_path: Text = Field(min_length=1, max_length=1024)


class MediaDeletion(Wire):
    """`POST /media/delete`."""

    paths: list[Annotated[Text, Field(min_length=1, max_length=1024)]] = Field(min_length=1, max_length=100)


class JobFilter(Wire):
    """The query of `GET /jobs`."""

    status: Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"] | None = None
    kind: Literal["image", "video", "upload", "erasure"] | None = None


class UsageFilter(Wire):
    """The query of `GET /usage`: days in UTC, both included."""

    since: Day | None = None
    until: Day | None = None


class MediaFilter(Wire):
    """The query of `GET /media`; `prefix` is matched below `media/{userID}/`."""

    prefix: Text | None = Field(default=None, max_length=1024)
    kind: Literal["image", "video"] | None = None
    source: Literal["generated", "upload"] | None = None
