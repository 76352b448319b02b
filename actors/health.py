"""Health, readiness and metrics of a worker fleet over HTTP, for probes and Prometheus, by the standard library."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry

from jobs.exposition import DIRECTORY_VARIABLE, exposition
from jobs.supervisor import Supervisor

Answer = tuple[HTTPStatus, str, bytes]


class _SilentHandler(WSGIRequestHandler):
    """Probes come every few seconds: they are no news."""

    timeout = 5
    """Seconds for a request to come in; the server is single-threaded, and nobody may hold it."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class HealthServer:
    """Serves `/healthz`, `/readyz` and `/metrics` in a thread, for as long as the context lasts."""

    def __init__(self, host: str, port: int, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
        """Bind the address. Raises `OSError`."""
        self._supervisor = supervisor
        self._directory = environment[DIRECTORY_VARIABLE]
        self._server = make_server(host.strip("[]"), port, self._serve, handler_class=_SilentHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._answers: Mapping[str, Callable[[], Answer]] = {
            "/healthz": self._health,
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }

    @property
    def url(self) -> str:
        """Where it is."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self, environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = self._answers.get(environment["PATH_INFO"], _nothing)
        status, content_type, body = answer()
        if environment["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            status, content_type, body = HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b""
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start(f"{status.value} {status.phrase}", headers)
        return [body if environment["REQUEST_METHOD"] == "GET" else b""]

    def _health(self) -> Answer:
        return _json(HTTPStatus.OK, {"status": "ok"})

    def _ready(self) -> Answer:
        states = self._supervisor.states
        is_ready = self._supervisor.is_ready
        document = {"status": "ready" if is_ready else "unready", "processes": states}
        return _json(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, document)

    def _metrics(self) -> Answer:
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, exposition(CollectorRegistry(), directory=self._directory)


def _nothing() -> Answer:
    return HTTPStatus.NOT_FOUND, "text/plain", b""


def _json(status: HTTPStatus, document: Mapping[str, Any]) -> Answer:
    return status, "application/json", json.dumps(document).encode()
