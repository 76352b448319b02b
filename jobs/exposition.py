"""Metrics of the process itself, and metrics on a port of their own."""

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, start_http_server

from schema.settings import SettingsError


def add_process_metrics(registry: CollectorRegistry) -> None:
    """Say what runs here, and what it takes of the machine."""
    ProcessCollector(registry=registry)
    info = Gauge("media_build_info", "What runs here; always 1.", ["version", "python"], registry=registry)
    info.labels(own_version(), platform.python_version()).set(1)


def own_version() -> str:
    """The version of this distribution; "unknown" where it is run without having been installed."""
    try:
        return version("media-pipeline")
    except PackageNotFoundError:
        return "unknown"


@asynccontextmanager
async def exposed(registry: CollectorRegistry, host: str, port: int) -> AsyncIterator[int]:
    """Give metrics at `host`:`port` for as long as the context lasts; yields the port, which 0 leaves open.

    A thread of the library answers, so metrics come also from a loop that is stuck. Raises `SettingsError`.
    """
    try:
        server, thread = start_http_server(port, host.strip("[]"), registry)
    except OSError as error:
        raise SettingsError(f"METRICS_PORT: {error.strerror or error}") from error
    try:
        yield int(server.server_port)
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
