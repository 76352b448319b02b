"""Tracing as configured, and what the port promises of it."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from jobs.otel import OtelTracing
from jobs.telemetry import tracing_of
from jobs.tracing import NO_TRACING, log_fields, origin_of, trace_of
from schema.settings import Settings, SettingsError


def not_installed(name: str) -> object:
    raise ModuleNotFoundError(name)


async def test_without_an_endpoint_nothing_is_loaded_and_nothing_is_traced() -> None:
    async with tracing_of(Settings(), load=not_installed) as tracing:
        assert tracing is NO_TRACING
        with tracing.span("job run", "consumer", {}, {"traceparent": "x"}) as span:
            span.note({"a": 1})
        assert (tracing.carrier(), origin_of(tracing), log_fields(tracing, {})) == ({}, {}, {})


async def test_an_endpoint_without_the_extra_says_what_to_install() -> None:
    settings = Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")

    with pytest.raises(SettingsError, match=r"^OTEL_EXPORTER_OTLP_ENDPOINT: .*media-pipeline\[otel\]"):
        async with tracing_of(settings, load=not_installed):
            pass


def test_an_error_is_told_by_its_type_and_not_by_what_it_says() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    with pytest.raises(ValueError, match="secret"), OtelTracing(provider, "1").span("job run", "consumer", {}):
        raise ValueError("a secret")

    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert "secret" not in span.to_json()


def test_of_a_rows_origin_a_trace_takes_its_own_fields_alone() -> None:
    assert trace_of({"traceparent": "a", "tracestate": "b", "request_id": "c"}) == {
        "traceparent": "a",
        "tracestate": "b",
    }
