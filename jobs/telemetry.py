"""Tracing as configured: to a collector where one is set, and else none, at no cost."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from jobs.exposition import own_version
from jobs.tracing import NO_TRACING, Tracing
from schema.settings import Settings, SettingsError


@asynccontextmanager
async def tracing_of(settings: Settings, load: Callable[[str], Any] = import_module) -> AsyncIterator[Tracing]:
    """Tracing for as long as the context lasts; what is untold at its end is sent. Raises `SettingsError`."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        yield NO_TRACING
        return
    try:
        # Only here: what nobody has configured need not be installed, and costs no time to load.
        otel = load("jobs.otel")
    except ImportError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: tracing is not installed; pip install 'media-pipeline[otel]'"
        ) from error
    tracing = otel.otlp_tracing(endpoint, settings.otel_service_name, own_version())
    try:
        yield tracing
    finally:
        await tracing.close()
