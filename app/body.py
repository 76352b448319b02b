"""Reading what clients send: JSON without ambiguity, and values that fit the models."""

import base64
import binascii
import json
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError

from app.problems import BodyError
from app.reading import check_encoding, read_whole
from jobs.errors import FieldError, InvalidRequest

M = TypeVar("M", bound=BaseModel)

MAX_BODY_BYTES = 2**20
MAX_DEPTH = 64
DEFAULT_LIMIT = 50
MAX_LIMIT = 200


async def read_json(request: web.Request) -> Any:
    """The body's JSON value; None for no body at all. Raises `BodyError`, `BodyTooSlow`."""
    check_encoding(request, understood=("gzip", "deflate"))
    body = await read_whole(request, MAX_BODY_BYTES)
    if not body:
        return None
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise BodyError("unsupported_media_type", "send application/json in UTF-8")
    return parse_json(body)


def parse_json(body: bytes) -> Any:
    """RFC 8259 without its loose ends: no duplicate names, no NaN, a bounded depth. Raises `BodyError`."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unambiguous, parse_float=_number, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        # The parser's message says where, and never repeats more than a character of the body.
        raise BodyError("malformed_json", str(error) if isinstance(error, json.JSONDecodeError) else "") from error
    if _depth_exceeds(value, MAX_DEPTH):
        raise BodyError("malformed_json", f"nested deeper than {MAX_DEPTH}")
    return value


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name comes twice in one object")
    return value


def _number(text: str) -> float:
    """JSON has one kind of numbers: `2.0` is the integer 2 (JSON Schema 2020-12, validation, section 6.1.1)."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _depth_exceeds(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def fitted(model: type[M], value: Any) -> M:
    """`value` as the model. Raises `InvalidRequest` with every rule that is broken."""
    if not isinstance(value, dict):
        # The library's own words name a class of ours.
        raise InvalidRequest([FieldError("", "send a JSON object")])
    try:
        # By alias alone: the names that the code uses are none of the API's.
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidRequest(
            [FieldError(".".join(map(str, each["loc"])), _message(each["msg"])) for each in error.errors()]
        ) from None


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")


async def no_body(request: web.Request) -> None:
    """Refuse a body that says anything. Raises `BodyError`, `InvalidRequest`."""
    value = await read_json(request)
    if value is not None and value != {}:
        raise InvalidRequest([FieldError("", "this request takes no parameters")])


def page_of(request: web.Request) -> tuple[int, str | None]:
    """`limit`, and the id that `cursor` stands for. Raises `InvalidRequest`."""
    limit, cursor = request.query.get("limit"), request.query.get("cursor")
    return _limit(limit) if limit is not None else DEFAULT_LIMIT, _decoded(cursor) if cursor is not None else None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):  # noqa: PLR2004
        raise InvalidRequest([FieldError("limit", f"must be a whole number from 1 to {MAX_LIMIT}")])
    return int(text)


def cursor_of(id: str | None) -> str | None:
    """The opaque form of the id that a page ended with."""
    return None if id is None else base64.urlsafe_b64encode(UUID(id).bytes).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"==", altchars=b"-_", validate=True)
        id = str(UUID(bytes=raw))  # noqa: A001  # what the column is called
    except (ValueError, binascii.Error):
        id = ""  # noqa: A001
    if not id or cursor_of(id) != cursor:
        raise InvalidRequest([FieldError("cursor", "is not one that this service gave")])
    return id
