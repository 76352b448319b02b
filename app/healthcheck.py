"""What a container engine asks: does the process of this container answer? It is the web's, or else the worker's.

Run as `python -m app.healthcheck`; it imports nothing but the standard library, for it runs every few seconds.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 3.0
ADDRESSES = (("HOST", "PORT", "8080"), ("WORKER_HOST", "WORKER_PORT", "9090"))
"""Settings that say where the web listens and where a worker does, and the port's default."""
LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # asked about, not listened on
"""Where to ask whoever listens on every address."""


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Ask; the exit status is 0 when one of the two is alive."""
    return 0 if any(is_alive(host, port) for host, port in addresses(environment)) else 1


def addresses(environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Where to ask, in order. Raises `ValueError` for a port that is no number."""
    for host_name, port_name, default_port in ADDRESSES:
        host = environment.get(host_name, "").strip("[]")
        yield LOOPBACK.get(host, host), int(environment.get(port_name) or default_port)


def is_alive(host: str, port: int) -> bool:
    """Whether `/healthz` is answered there as it should be."""
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
