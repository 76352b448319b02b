"""Errors on the wire: one table from exceptions to codes, and RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from app.auth import SessionRefused, Unauthenticated
from app.keyring import KeysUnavailable
from app.sse.hub import HubClosed, TooManyStreams
from jobs.database import DatabaseUnavailable
from jobs.errors import FieldError, InvalidRequest, JobsError, QueueFull
from jobs.eventbus import BusUnavailable
from jobs.eventlog import LogUnavailable, json_line
from schema.problems import PROBLEMS
from storage.signing import AlreadyUploaded, SignatureRefused, TooFewBytes, TooManyBytes
from storage.store import ObjectNotFound, RangeNotSatisfiable, StorageError, StorageFull


class BodyError(Exception):
    """The body can't be read; `code` is from the catalogue."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class BodyTooSlow(Exception):
    """The body comes so slowly that nobody waits for the rest."""


RETRY_SECONDS: Final = 2

CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Unauthenticated, "unauthenticated"),
    (KeysUnavailable, "dependency_unavailable"),
    (SessionRefused, "forbidden"),
    (BodyTooSlow, "request_timeout"),
    (web.RequestPayloadError, "bad_request"),  # chunks or a compression that are not what the head says
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


_KEPT_HEADERS: Final = ("Allow", "Content-Range")


@dataclass(frozen=True, slots=True)
class Description:
    """What a problem document says of one error, and the headers that go with it."""

    code: str
    detail: str = ""
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def describe(error: Exception) -> Description | None:
    """What to say of an exception that somebody expected; None for a mistake of ours."""
    match error:
        case web.HTTPException():
            return _of_status(error)
        case InvalidRequest():
            return Description(error.code, errors=error.errors)
        case QueueFull():
            return Description(error.code, error.detail, headers={"Retry-After": str(error.retry_after)})
        case BodyError() | JobsError():
            return Description(error.code, error.detail)
        case Unauthenticated():
            challenge = 'Bearer error="invalid_token"' if error.was_given else "Bearer"
            return Description("unauthenticated", headers={"WWW-Authenticate": challenge})
        case _:
            return _of_table(error)


def _of_status(error: web.HTTPException) -> Description | None:
    code = STATUS_CODES.get(error.status)
    kept = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
    return None if code is None else Description(code, headers=kept)


def _of_table(error: Exception) -> Description | None:
    for kind, code in CODES:
        if isinstance(error, kind):
            is_passing = PROBLEMS[code].status in {429, 503}
            return Description(code, headers={"Retry-After": str(RETRY_SECONDS)} if is_passing else {})
    return None


def problem(request: web.BaseRequest, described: Description, request_id: str) -> web.Response:
    """The problem document. `instance` is the request's path, without its query, which may hold a capability."""
    kind = PROBLEMS[described.code]
    document: dict[str, Any] = {
        "type": f"urn:media-pipeline:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": described.detail or kind.title,
        # `OPTIONS *` and CONNECT name no path.
        "instance": request.path if request.path.startswith("/") else "/",
        "code": kind.code,
        "retryable": kind.retryable,
        "requestId": request_id,
    }
    if described.errors:
        document["errors"] = [{"field": each.field, "message": each.message} for each in described.errors]
    return web.Response(
        status=kind.status or 500,
        body=json_line(document).encode("utf-8", "replace"),
        content_type="application/problem+json",
        headers=described.headers,
    )
