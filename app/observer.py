"""What is told of each request: one line in the log, and one observation; whatever becomes of it."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import structlog
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.clients import Clients
from app.keys import ANSWERED_AT, BEGUN
from jobs.ids import is_id
from jobs.tracing import NO_TRACING, TRACE_HEADERS, Span, Tracing, log_fields

log = structlog.get_logger("app.access")

CLIENT_LEFT = 499
"""The status of what nobody was there to hear, as other servers count it."""

UNTRACED = frozenset({"health", "ready", "metrics"})
"""Asked every few seconds by machines; their spans would bury the others."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(slots=True)
class Observation:
    """What became of a request."""

    status: int = CLIENT_LEFT


class Observer:
    """Watches requests. Their paths, queries and headers are never told: they may hold capabilities."""

    def __init__(
        self, registry: CollectorRegistry, tracing: Tracing = NO_TRACING, clients: Clients | None = None
    ) -> None:
        self._tracing = tracing
        self._clients = clients or Clients()
        self._seconds = Histogram(
            "media_http_request_seconds",
            "Time until the answer began.",
            ["method", "route", "status"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._failures = Counter("media_http_failures_total", "Errors that nobody expected.", registry=registry)

    @contextmanager
    def watching(self, request: web.Request, request_id: str) -> Iterator[Observation]:
        """Watch a request for as long as the context lasts; its log lines carry its id, and its job's."""
        begun = time.monotonic()
        seen = Observation()
        # The lines of an earlier request on the same connection may have left something.
        structlog.contextvars.clear_contextvars()
        with (
            self._span(request) as span,
            structlog.contextvars.bound_contextvars(
                **log_fields(self._tracing, {"request_id": request_id}), **_job_of(request)
            ),
        ):
            try:
                yield seen
            finally:
                if seen.status == CLIENT_LEFT and (response := request.get(BEGUN)) is not None:
                    seen.status = response.status
                span.note({"http.response.status_code": seen.status, "media.request.id": request_id})
                if seen.status >= 500:  # noqa: PLR2004  # HTTP's
                    span.fail(str(seen.status))
                self._tell(request, seen.status, begun)

    def _span(self, request: web.Request) -> AbstractContextManager[Span]:
        """The request's span, below the caller's where it names one."""
        if route_of(request).removesuffix("_head") in UNTRACED:
            return NO_TRACING.span("", "server", {})
        resource = request.match_info.route.resource
        method = _method_of(request)
        about = {"http.request.method": method, "client.address": self._clients.address(request)}
        if resource is not None:
            about["http.route"] = resource.canonical
        name = f"{method} {about.get('http.route', '')}".strip()
        headers = {header: request.headers[header] for header in TRACE_HEADERS if header in request.headers}
        return self._tracing.span(name, "server", about, headers)

    def _tell(self, request: web.Request, status: int, begun: float) -> None:
        now = time.monotonic()
        # A stream lasts for as long as it is wanted, and a slow client's download as long as it takes.
        answered = request.get(ANSWERED_AT, now)
        self._seconds.labels(_method_of(request), route_of(request), str(status)).observe(answered - begun)
        milliseconds = round((now - begun) * 1000, 1)
        log.info(
            "request",
            method=_method_of(request),
            route=route_of(request),
            status=status,
            milliseconds=milliseconds,
            client=self._clients.address(request),
        )

    def failed(self, request: web.Request, error: Exception) -> None:
        """An error came that nobody expected."""
        self._failures.inc()
        log.error("request_failed", route=route_of(request), exc_info=error)


def route_of(request: web.Request) -> str:
    """The name of the request's route; never its path, which may hold a capability."""
    return request.match_info.route.name or "unknown"


def _method_of(request: web.Request) -> str:
    return request.method if request.method in hdrs.METH_ALL else "other"


def _job_of(request: web.Request) -> dict[str, str]:
    job_id = request.match_info.get("job_id")
    return {"job_id": job_id} if job_id is not None and is_id(job_id) else {}
