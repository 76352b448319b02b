"""The port to tracing: spans, and the few words by which a trace finds its way from a request to a job's run."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Literal, Protocol

import structlog

Kind = Literal["server", "producer", "consumer", "client"]
Attributes = Mapping[str, str | int | float | bool]
Carrier = Mapping[str, str]
"""W3C Trace Context by its headers' names in lower case: `traceparent`, and `tracestate` where there is one."""

TRACE_HEADERS: Final = ("traceparent", "tracestate")


class Span(Protocol):
    """Something that is going on."""

    def note(self, attributes: Attributes) -> None:
        """Say more of it. Never a prompt, a token, a path or a signed URL."""
        ...

    def fail(self, kind: str) -> None:
        """Say that it failed, and of what kind the error is."""
        ...


class Tracing(Protocol):
    """Tells what happens, and how long it takes, to whoever collects it."""

    def span(
        self, name: str, kind: Kind, attributes: Attributes, parent: Carrier | None = None
    ) -> AbstractContextManager[Span]:
        """A span for as long as the context lasts, below the one that surrounds it.

        With `parent` it is below that one instead, and where that is empty it begins a trace. An exception that leaves
        the context is told by its type alone.
        """
        ...

    def carrier(self) -> Carrier:
        """What stands for the current span elsewhere; empty where there is none."""
        ...


class _NoSpan:
    def note(self, attributes: Attributes) -> None:
        pass

    def fail(self, kind: str) -> None:
        pass


class NoTracing:
    """Implements `Tracing` for nobody."""

    _span: AbstractContextManager[Span] = nullcontext(_NoSpan())

    def span(
        self,
        name: str,  # noqa: ARG002
        kind: Kind,  # noqa: ARG002
        attributes: Attributes,  # noqa: ARG002
        parent: Carrier | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[Span]:
        return self._span

    def carrier(self) -> Carrier:
        return {}


NO_TRACING: Final = NoTracing()


def origin_of(tracing: Tracing) -> dict[str, str]:
    """What a job's row keeps of the request that is being answered: its id, and the span that goes on with the job."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return dict(tracing.carrier()) | ({"request_id": request_id} if isinstance(request_id, str) else {})


def trace_of(origin: Mapping[str, str]) -> Carrier:
    """What of a row's origin, or of a request's headers, a trace is continued by."""
    return {name: origin[name] for name in TRACE_HEADERS if name in origin}


def log_fields(tracing: Tracing, origin: Mapping[str, str]) -> dict[str, str]:
    """What the log lines of a request or a run carry: the request's id, and the trace's where there is one."""
    fields = {"request_id": origin["request_id"]} if "request_id" in origin else {}
    traceparent = tracing.carrier().get("traceparent")
    return fields | ({"trace_id": traceparent.split("-")[1]} if traceparent else {})
