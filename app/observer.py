"""What is told of each request: one line in the log, and one observation; whatever becomes of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.keys import ANSWERED_AT, BEGUN
from jobs.ids import is_id

log = structlog.get_logger("app.access")

CLIENT_LEFT = 499
"""The status of what nobody was there to hear, as other servers count it."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(slots=True)
class Observation:
    """What became of a request."""

    status: int = CLIENT_LEFT


class Observer:
    """Watches requests. Their paths, queries and headers are never told: they may hold capabilities."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
        with structlog.contextvars.bound_contextvars(request_id=request_id, **_job_of(request)):
            try:
                yield seen
            finally:
                if seen.status == CLIENT_LEFT and BEGUN in request:
                    seen.status = request[BEGUN].status
                self._tell(request, seen.status, begun)

    def _tell(self, request: web.Request, status: int, begun: float) -> None:
        now = time.monotonic()
        method = request.method if request.method in hdrs.METH_ALL else "other"
        # A stream lasts for as long as it is wanted, and a slow client's download as long as it takes.
        answered = request.get(ANSWERED_AT, now)
        self._seconds.labels(method, route_of(request), str(status)).observe(answered - begun)
        milliseconds = round((now - begun) * 1000, 1)
        log.info("request", method=method, route=route_of(request), status=status, milliseconds=milliseconds)

    def failed(self, request: web.Request, error: Exception) -> None:
        """An error came that nobody expected."""
        self._failures.inc()
        log.error("request_failed", route=route_of(request), exc_info=error)


def route_of(request: web.Request) -> str:
    """The name of the request's route; never its path, which may hold a capability."""
    return request.match_info.route.name or "unknown"


def _job_of(request: web.Request) -> dict[str, str]:
    job_id = request.match_info.get("job_id")
    return {"job_id": job_id} if job_id is not None and is_id(job_id) else {}
