"""The base of everything that crosses the wire: camelCase, strict, immutable."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel


def rfc3339(moment: datetime) -> str:
    """Write an aware moment as RFC 3339 in UTC with milliseconds: `2026-11-22T18:04:05.678Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


Day = Annotated[date, PlainSerializer(date.isoformat, return_type=str, when_used="json")]
"""A day as `2026-11-22`."""


class Wire(BaseModel):
    """A JSON object. Python names are snake_case, JSON names camelCase; unknown members are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
        strict=True,
    )
