"""Traces: one from the request through the row to the provider's call, and nothing in it that is a secret."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from jobs.otel import OtelTracing
from tests.acceptance.client import SMALL
from tests.acceptance.process import served
from tests.acceptance.service import in_process
from tests.acceptance.uploading import uploaded
from tests.collector import collecting

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PROMPT = "an unmistakable prompt about zeppelins"


class Memory:
    """Tracing whose spans can be looked at."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = OtelTracing(provider, "1")

    def of_trace(self, trace_id: int) -> list[ReadableSpan]:
        return [
            each for each in self.exporter.get_finished_spans() if each.context and each.context.trace_id == trace_id
        ]

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self.exporter.get_finished_spans() if each.name == name]


def chain_of(span: ReadableSpan, spans: Sequence[ReadableSpan]) -> list[str]:
    """The names from a span up to the first that is here."""
    by_id = {each.context.span_id: each for each in spans if each.context}
    names = [span.name]
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        names.append(span.name)
    return names


async def test_a_trace_goes_from_the_callers_span_through_the_row_to_the_store(tmp_path: Path) -> None:
    memory = Memory()
    async with in_process(tmp_path, tracing=memory.tracing, base_path="/api") as service:
        alice = service.client()
        header = f"00-{TRACE_ID}-{PARENT_ID}-01"
        accepted = await alice.post("/generate/image", SMALL | {"prompt": PROMPT}, traceparent=header)
        item = (await alice.ending_of(accepted.json["jobId"])).data["result"]["media"][0]
        await alice.get(item["url"])
        await service.nobody.get(f"{service.origin}/healthz")
        await alice.get("/nothing?secret=query")

    spans = memory.of_trace(int(TRACE_ID, 16))
    roots = [each for each in spans if each.parent is not None and each.parent.span_id == int(PARENT_ID, 16)]
    above = ["provider call", "job run", "job submit", "POST /api/generate/image"]
    assert [root.name for root in roots] == ["POST /api/generate/image"]
    puts = [chain_of(each, spans) for each in spans if each.name == "storage put"]
    assert puts == [["storage put", *above]] * 2
    (run,) = memory.named("job run")
    assert dict(run.attributes or {})["media.job.ending"] == "succeeded"
    everything = " ".join(each.to_json() for each in memory.exporter.get_finished_spans())
    assert {"GET /api/files/{key}", "GET"} <= {each.name for each in memory.exporter.get_finished_spans()}
    secrets = (PROMPT, "zeppelins", alice.user, alice.token or "", item["url"].rpartition("/")[2], "secret=", "healthz")
    assert [each for each in secrets if each in everything] == []


async def test_the_run_of_an_upload_goes_on_with_the_request_that_completed_it(tmp_path: Path) -> None:
    memory = Memory()
    async with in_process(tmp_path, tracing=memory.tracing) as service:
        await uploaded(service.client())

    (run,) = memory.named("job run")
    chain = chain_of(run, memory.exporter.get_finished_spans())
    assert chain == ["job run", "job submit", "POST /media/upload/complete"]


@pytest.mark.parametrize("header", ["garbage", "00-0-0-01", f"00-{'0' * 32}-{PARENT_ID}-01", "ÿ"])
async def test_a_header_that_names_no_span_begins_a_trace(tmp_path: Path, header: str) -> None:
    memory = Memory()
    async with in_process(tmp_path, tracing=memory.tracing) as service:
        assert (await service.client().get("/jobs", traceparent=header)).status == 200

    (span,) = memory.named("GET /jobs")
    assert span.parent is None


async def test_traces_reach_a_collector_by_the_end_of_the_process_and_log_lines_name_them(tmp_path: Path) -> None:
    async with collecting() as collector:
        settings: dict[str, Any] = {"otel_exporter_otlp_endpoint": collector.endpoint, "otel_service_name": "pictures"}
        async with served(tmp_path, **settings) as (started, service):
            alice = service.client()
            accepted = await alice.post("/generate/image", SMALL, **{"X-Request-Id": "asked-by-alice"})
            await alice.ending_of(accepted.json["jobId"])
            started.kill(signal.SIGTERM)
            assert await asyncio.to_thread(started.wait) == 0
        log = started.log

    (run,) = [each for each in collector.spans if each.name == "job run"]
    names = {each.name for each in collector.spans if each.trace_id == run.trace_id}
    assert names == {"POST /generate/image", "job submit", "job run", "provider call", "storage put"}
    assert collector.services == {"pictures"}
    lines = [line for line in log if line.get("job_id") == accepted.json["jobId"]]
    told = {line["event"] for line in lines if line.get("request_id") == "asked-by-alice"}
    assert {"request", "run_ended"} <= told
    assert {line["trace_id"] for line in lines if line["event"] == "run_ended"} == {run.trace_id.hex()}
