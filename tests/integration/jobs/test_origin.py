"""Where a job comes from stands in its row: whichever message wakes a worker, it goes on with the right trace."""

from pathlib import Path

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from jobs.otel import OtelTracing
from tests.clock import ManualClock
from tests.factories import open_bench

pytestmark = pytest.mark.places("sqlite")


async def test_a_job_that_is_claimed_by_anothers_wake_up_after_a_restart_knows_its_own_origin(
    database_file: Path, clock: ManualClock
) -> None:
    tracing = OtelTracing(TracerProvider(shutdown_on_exit=False), "1")
    requests: dict[str, str] = {}
    async with open_bench(database_file, clock=clock, tracing=tracing) as bench:
        for request_id in ("first", "second"):
            with (
                structlog.contextvars.bound_contextvars(request_id=request_id),
                tracing.span("POST", "server", {}, {}),
            ):
                requests[await bench.submit()] = tracing.carrier()["traceparent"].split("-")[1]
        bench.wake_ups.forget()

    async with open_bench(database_file, clock=clock) as bench:
        found = [(await bench.claim()).job for _ in requests]

    assert {job.id: (job.origin or {})["traceparent"].split("-")[1] for job in found} == requests
    assert [(job.origin or {})["request_id"] for job in found] == ["first", "second"]
