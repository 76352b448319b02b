"""The health check of a container asks the web, or else the worker, where its settings say that they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from app.healthcheck import addresses, main


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A server on a port of its own that answers everything so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield str(server.server_port)
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", ["PORT", "WORKER_PORT"])
@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
def test_a_container_is_as_healthy_as_what_runs_in_it(name: str, status: int, expected: int) -> None:
    # Port 0 is nobody's.
    with answering(status) as port:
        assert main({"PORT": "0", "WORKER_PORT": "0", name: port}) == expected


def test_who_listens_on_every_address_is_asked_on_this_machines_own() -> None:
    assert list(addresses({"HOST": "0.0.0.0", "WORKER_HOST": "[::]", "PORT": "9000", "WORKER_PORT": ""})) == [
        ("127.0.0.1", 9000),
        ("::1", 9090),
    ]
