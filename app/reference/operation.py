"""The form in which an endpoint is described: what it takes, what it answers, and which problems it may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from schema.wire import Wire

Json = Mapping[str, Any]
Place = Literal["query", "header", "path"]

Reading = Literal["json", "nothing", "bytes", "ignored"]
"""What becomes of a body: parsed, refused when it says anything, taken as it is, or not looked at."""

_JSON_PROBLEMS = (
    "malformed_json",
    "request_timeout",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_request",
)
READING_PROBLEMS: Mapping[Reading, tuple[str, ...]] = MappingProxyType(
    {"json": _JSON_PROBLEMS, "nothing": _JSON_PROBLEMS, "bytes": ("request_timeout",), "ignored": ()}
)
"""What may be wrong with a body before anybody has asked what it means."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value beside the body. `schema` is a JSON schema (2020-12)."""

    name: str
    place: Place
    description: str
    schema: Json
    example: Any = None
    is_required: bool = False
    is_stateful: bool = False
    """Whether a value means the request that it came with first. A program that tries the API with values of its own
    must not reuse one, and no schema can say so: such parameters stand beside the others, where it does not look."""


@dataclass(frozen=True, slots=True)
class Link:
    """What of an answer leads to another operation: its route's name, and its parameters or body as expressions."""

    route: str
    parameters: Json = field(default_factory=dict)
    body: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that is no problem.

    With a `model` it is JSON. `contents` are the types of any other body, `headers` are names of
    `app.reference.headers.HEADERS`.
    """

    status: int
    description: str
    model: type[Wire] | None = None
    contents: Mapping[str, Json] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """All that is to be said of one route; `problems` are the codes beyond those that its kind brings along."""

    tag: str
    summary: str
    answers: tuple[Answer, ...]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    reads: Reading = "ignored"
    body: type[Wire] | None = None
    body_contents: Mapping[str, Json] = field(default_factory=dict)
    body_examples: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def problems_of(operation: Operation, *, is_public: bool) -> tuple[str, ...]:
    """Every code that the operation may answer with, in no particular order."""
    asking = () if is_public else ("unauthenticated", "invalid_request", "dependency_unavailable")
    always = ("bad_request", "internal_error")
    return tuple({*always, *asking, *READING_PROBLEMS[operation.reads], *operation.problems})
