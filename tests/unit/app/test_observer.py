"""What is told of a request: once, whatever becomes of it, and nothing that a client can make up."""

import asyncio
import time

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from aiohttp.web_urldispatcher import MatchInfoError
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from app.keys import ANSWERED_AT, BEGUN
from app.observer import Observer

JOB_ID = "019aaaaa-0000-7000-8000-000000000000"


def made(method: str, path: str) -> web.Request:
    """A request that no route matches."""
    request = make_mocked_request(method, path)
    request._match_info = MatchInfoError(web.HTTPNotFound())
    return request


def observed(registry: CollectorRegistry) -> list[tuple[str, str, str]]:
    """Method, route and status of all that was counted."""
    families = [family for family in registry.collect() if family.name == "media_http_request_seconds"]
    samples = [sample for family in families for sample in family.samples if sample.name.endswith("_count")]
    return [(each.labels["method"], each.labels["route"], each.labels["status"]) for each in samples if each.value]


def test_a_request_is_told_with_its_route_and_status_and_nothing_of_its_address() -> None:
    registry = CollectorRegistry()

    with capture_logs() as lines, Observer(registry).watching(made("GET", "/x?t=y"), "id") as seen:
        seen.status = 200

    assert observed(registry) == [("GET", "unknown", "200")]
    assert [set(line) for line in lines] == [
        {"event", "method", "route", "status", "milliseconds", "client", "log_level"}
    ]


def test_a_request_whose_client_left_is_told_too() -> None:
    registry = CollectorRegistry()

    with pytest.raises(asyncio.CancelledError), Observer(registry).watching(made("GET", "/"), "id"):
        raise asyncio.CancelledError

    assert observed(registry) == [("GET", "unknown", "499")]


def test_a_stream_counts_with_the_time_until_it_began() -> None:
    registry = CollectorRegistry()
    request = made("GET", "/events")
    request[BEGUN], request[ANSWERED_AT] = web.StreamResponse(), time.monotonic() - 600

    with pytest.raises(asyncio.CancelledError), Observer(registry).watching(request, "id"):
        raise asyncio.CancelledError

    assert observed(registry) == [("GET", "unknown", "200")]
    labels = {"method": "GET", "route": "unknown", "status": "200"}
    assert (registry.get_sample_value("media_http_request_seconds_sum", labels) or 0) < 0


@pytest.mark.parametrize("method", ["BREW", "X" * 900])
def test_no_client_makes_up_a_method(method: str) -> None:
    registry = CollectorRegistry()

    with Observer(registry).watching(made(method, "/"), "id") as seen:
        seen.status = 405

    assert observed(registry) == [("other", "unknown", "405")]
