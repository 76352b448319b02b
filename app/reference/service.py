"""What the service says of itself: its pages, its health, its metrics and these descriptions."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.operation import Answer, Json, Operation, Parameter
from schema.responses import Health, Readiness, Session

TAG = "Service"

_PAGE: Mapping[str, Json] = {"text/html": {"type": "string"}}
_PLAIN: Mapping[str, Json] = {"text/plain": {"type": "string"}}
_IF_NONE_MATCH = Parameter("If-None-Match", "header", "Nothing if it is still this one.", {"type": "string"})
_SAME = Answer(304, "The client has it already.", headers=("ETag", "Cache-Control"))


def _document(summary: str) -> Operation:
    return Operation(
        tag=TAG,
        summary=summary,
        parameters=(_IF_NONE_MATCH,),
        answers=(
            Answer(
                200,
                "The document.",
                contents={"application/json": {"type": "object"}},
                headers=("ETag", "Cache-Control"),
            ),
            _SAME,
        ),
    )


OPERATIONS: Mapping[str, Operation] = {
    "page": Operation(
        tag=TAG,
        summary="The studio, a page",
        parameters=(_IF_NONE_MATCH,),
        answers=(
            Answer(200, "HTML.", contents=_PAGE, headers=("ETag", "Content-Security-Policy", "Cache-Control")),
            _SAME,
        ),
    ),
    "asset": Operation(
        tag=TAG,
        summary="What the studio is made of",
        description="Names hold a hash of what is in the file, so each may be kept for ever.",
        parameters=(
            Parameter("name", "path", "As the page names it.", {"type": "string"}, example="a.js", is_required=True),
            _IF_NONE_MATCH,
        ),
        answers=(
            Answer(
                200,
                "The file.",
                contents={each: {"type": "string"} for each in ("text/javascript", "text/css", "image/svg+xml")},
                headers=("ETag", "Cache-Control"),
            ),
            _SAME,
        ),
        problems=("not_found",),
    ),
    "open_session": Operation(
        tag=TAG,
        summary="Sign the service's own page in, where no auth is configured",
        description="Only for the page that this service serves itself, under a loopback name; `Origin` is looked at.",
        reads="nothing",
        answers=(
            Answer(
                201,
                "A token of the development user.",
                model=Session,
                headers=("Cache-Control",),
                examples={"session": examples.SESSION},
            ),
        ),
        problems=("forbidden", "not_found"),
    ),
    "health": Operation(
        tag=TAG,
        summary="Whether the process serves",
        description="Asks no dependency.",
        answers=(Answer(200, "It does.", model=Health, headers=("Cache-Control",), examples={"ok": {"status": "ok"}}),),
    ),
    "ready": Operation(
        tag=TAG,
        summary="Whether the process should get requests",
        answers=(
            Answer(
                200,
                "It should.",
                model=Readiness,
                headers=("Cache-Control",),
                examples={"ready": {"status": "ready", "checks": {"database": "ok", "redis": "ok", "storage": "ok"}}},
            ),
            Answer(
                503,
                "It should not: a dependency fails, or the process is shutting down.",
                model=Readiness,
                headers=("Cache-Control", "Retry-After"),
                examples={
                    "unready": {"status": "unready", "checks": {"database": "ok", "redis": "failed", "storage": "ok"}}
                },
            ),
        ),
    ),
    "metrics": Operation(
        tag=TAG,
        summary="What Prometheus scrapes",
        answers=(Answer(200, "Prometheus's text format.", contents=_PLAIN),),
    ),
    "openapi": _document("This description, OpenAPI 3.1"),
    "asyncapi": _document("The event streams, AsyncAPI 3.0"),
    "docs": Operation(
        tag=TAG,
        summary="This description as a page",
        answers=(Answer(200, "HTML.", contents=_PAGE, headers=("Content-Security-Policy", "Cache-Control")),),
    ),
    "docs_part": Operation(
        tag=TAG,
        summary="What that page is made of",
        parameters=(
            Parameter(
                "name", "path", "One of the page's own parts.", {"type": "string"}, example="page.js", is_required=True
            ),
            _IF_NONE_MATCH,
        ),
        answers=(
            Answer(
                200,
                "The part.",
                contents={"text/javascript": {"type": "string"}, "text/css": {"type": "string"}},
                headers=("ETag", "Cache-Control"),
            ),
            _SAME,
        ),
        problems=("not_found",),
    ),
}
