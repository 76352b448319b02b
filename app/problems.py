"""Errors on the wire: one table from exceptions to codes, and RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from app.auth import SessionRefused, Unauthenticated
from app.sse.hub import HubClosed, TooManyStreams
from jobs.database import DatabaseUnavailable
from jobs.errors import FieldError, InvalidRequest, JobsError, QueueFull
from jobs.eventbus import BusUnavailable
from jobs.eventlog import LogUnavailable, json_line
from schema.problems import PROBLEMS
from storage.signing import AlreadyUploaded, SignatureRefused, TooFewBytes, TooManyBytes
from storage.store import ObjectNotFound, RangeNotSatisfiable, StorageError, StorageFull

RETRY_SECONDS: Final = 2

CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Unauthenticated, "unauthenticated"),
    (SessionRefused, "forbidden"),
    (HubClosed, "draining"),
    (TooManyStreams, "rate_limited"),
    (DatabaseUnavailable, "dependency_unavailable"),
    (LogUnavailable, "dependency_unavailable"),
    (BusUnavailable, "dependency_unavailable"),
    (SignatureRefused, "forbidden"),
    (AlreadyUploaded, "object_exists"),
    (TooManyBytes, "payload_too_large"),
    (TooFewBytes, "bad_request"),
    (ObjectNotFound, "not_found"),
    (RangeNotSatisfiable, "range_not_satisfiable"),
    (StorageFull, "storage_full"),
    (StorageError, "dependency_unavailable"),
)
"""The code of each exception; the first that fits."""

STATUS_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "payload_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    417: "expectation_failed",
}
"""The code of each status that aiohttp raises by itself."""


class BodyError(Exception):
    """The body can't be read; `code` is from the catalogue."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def problem(
    request: web.BaseRequest,
    code: str,
    *,
    request_id: str,
    detail: str = "",
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The answer for one code. `instance` is the request's path, without its query, which may hold a capability."""
    kind = PROBLEMS[code]
    document: dict[str, Any] = {
        "type": f"urn:media-pipeline:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.title,
        "instance": request.path,
        "code": code,
        "retryable": kind.retryable,
        "requestId": request_id,
    }
    if errors:
        document["errors"] = [{"field": each.field, "message": each.message} for each in errors]
    return web.Response(
        status=kind.status or 500,
        body=json_line(document).encode("utf-8", "replace"),
        content_type="application/problem+json",
        headers=headers,
    )


def problem_of(request: web.BaseRequest, error: Exception, request_id: str) -> web.Response | None:
    """The answer for an exception that somebody expected; None for a mistake of ours."""
    match error:
        case web.HTTPException():
            return _of_status(request, error, request_id)
        case BodyError():
            return problem(request, error.code, request_id=request_id, detail=error.detail)
        case InvalidRequest():
            return problem(request, error.code, request_id=request_id, errors=error.errors)
        case QueueFull():
            after = {"Retry-After": str(error.retry_after)}
            return problem(request, error.code, request_id=request_id, detail=error.detail, headers=after)
        case JobsError():
            return problem(request, error.code, request_id=request_id, detail=error.detail)
        case Unauthenticated():
            challenge = 'Bearer error="invalid_token"' if error.was_given else "Bearer"
            headers = {"WWW-Authenticate": challenge}
            return problem(request, "unauthenticated", request_id=request_id, headers=headers)
    for kind, code in CODES:
        if isinstance(error, kind):
            retry = {"Retry-After": str(RETRY_SECONDS)} if PROBLEMS[code].status in {429, 503} else None
            return problem(request, code, request_id=request_id, headers=retry)
    return None


def _of_status(request: web.BaseRequest, error: web.HTTPException, request_id: str) -> web.Response | None:
    code = STATUS_CODES.get(error.status)
    if code is None:
        return None
    kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return problem(request, code, request_id=request_id, headers=kept)
