"""Tracing by OpenTelemetry; needs the extra `otel`."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from jobs.tracing import Attributes, Carrier, Kind, Span

EXPORT_SECONDS = 5
"""For one batch; at the end of the process as well, so a collector that is down holds nobody up for longer."""

KINDS: Mapping[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
}


class OtelTracing:
    """Implements `Tracing` with a provider of its own: the library's global one is left alone."""

    def __init__(self, provider: TracerProvider, version: str) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("media-pipeline", version)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, kind: Kind, attributes: Attributes, parent: Carrier | None = None) -> Iterator[Span]:
        context = None if parent is None else self._propagator.extract(parent, Context())
        # An exception's message may hold what a user wrote: its type has to do.
        with self._tracer.start_as_current_span(
            name,
            context,
            KINDS[kind],
            dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            told = _Told(span)
            try:
                yield told
            except BaseException as error:
                told.fail(type(error).__name__)
                raise

    def carrier(self) -> Carrier:
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier

    async def close(self) -> None:
        """Send what is still to be sent."""
        await asyncio.to_thread(self._provider.shutdown)


class _Told:
    """Implements `Span`."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))


def otlp_tracing(endpoint: str, service: str, version: str) -> OtelTracing:
    """Tracing that sends to a collector by OTLP over HTTP, in batches and in a thread of its own.

    Headers, sampling and limits are the SDK's, from its own environment variables.
    """
    resource = Resource.create({"service.name": service, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OtelTracing(provider, version)
