"""What Prometheus scrapes: of one process, or of several whose figures are added up, and what runs here."""

import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client reads it when it is imported, so it is given to processes at their start."""


def add_process_metrics(registry: CollectorRegistry) -> None:
    """Say what runs here, and what it takes of the machine."""
    ProcessCollector(registry=registry)
    info = Gauge(
        "media_build_info",
        "What runs here; always 1.",
        ["version", "python"],
        registry=registry,
        multiprocess_mode="livemax",
    )
    info.labels(own_version(), platform.python_version()).set(1)


def own_version() -> str:
    """The version of this distribution; "unknown" where it is run without having been installed."""
    try:
        return version("media-pipeline")
    except PackageNotFoundError:
        return "unknown"


@contextmanager
def shared_metrics() -> Iterator[tuple[Mapping[str, str], Callable[[int], None]]]:
    """A directory for the processes of one supervisor: their environment, and what to call when one has ended."""
    with tempfile.TemporaryDirectory(prefix="media-metrics-") as directory:

        def forget(pid: int) -> None:
            mark_process_dead(pid, directory)  # type: ignore[no-untyped-call]  # the library leaves it untyped

        yield {DIRECTORY_VARIABLE: directory}, forget


def exposition(own: CollectorRegistry, *beside: Collector, directory: str | None = None) -> bytes:
    """The metrics of all processes that share a directory, else of this one.

    Each process of several writes its figures to files, and whoever is asked adds them up; what is looked up when it is
    asked for (`beside`) is registered with the process that is asked alone.
    """
    path = directory or os.environ.get(DIRECTORY_VARIABLE)
    if not path:
        return generate_latest(own)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=path)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for collector in beside:
        registry.register(collector)
    return generate_latest(registry)
