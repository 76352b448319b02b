"""A job is followed to its end over connections that break, and by its state where its events are gone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app.client.following import MOST_FAILURES, follow
from app.client.service import Refused, ServiceClient, Unreachable

JOB = "0199c0de-0000-7000-8000-000000000001"
AT_ONCE = b"retry: 0\n"


def event(number: int, name: str, data: str = "{}") -> bytes:
    return f"id: {number}\nevent: {name}\ndata: {data}\n\n".encode()


QUEUED, STARTED = event(1, "generation_queued"), event(2, "generation_started")
HALF = event(3, "generation_progress", '{"progress": 50}')
COMPLETE = event(4, "generation_complete")


@dataclass
class Script:
    """A service that plays what it was given: for each connection to the stream its bytes, or a status."""

    connections: Sequence[bytes | int]
    status: str = "running"
    resumed_behind: list[str | None] = field(default_factory=list)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.resumed_behind.append(request.headers.get("Last-Event-ID"))
        played = self.connections[min(len(self.resumed_behind), len(self.connections)) - 1]
        if isinstance(played, int):
            problem = {"title": "No.", "detail": "not now", "retryable": played == 503}
            return web.json_response(problem, status=played) if played >= 400 else web.Response(status=played)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(played)
        if not played.endswith(b"\n\n"):
            # In the middle of an event the connection breaks.
            assert request.transport is not None
            request.transport.close()
        return response

    async def job(self, request: web.Request) -> web.Response:
        return web.json_response({"jobId": JOB, "status": self.status})


@asynccontextmanager
async def played(script: Script) -> AsyncIterator[ServiceClient]:
    app = web.Application()
    app.router.add_get(f"/jobs/{JOB}/events", script.stream)
    app.router.add_get(f"/jobs/{JOB}", script.job)
    async with TestServer(app) as server, ClientSession() as session:
        yield ServiceClient(session, str(server.make_url("")).rstrip("/"), "token")


async def followed(script: Script) -> list[Any]:
    async with played(script) as client:
        return [frame.name async for frame in follow(client, JOB)]


async def test_a_connection_that_breaks_is_resumed_behind_the_last_whole_event() -> None:
    script = Script([AT_ONCE + QUEUED + STARTED + HALF[:-1], 503, HALF + COMPLETE])

    names = await followed(script)

    assert names == ["generation_queued", "generation_started", "generation_progress", "generation_complete"]
    assert script.resumed_behind == [None, "2", "2"]


@pytest.mark.parametrize(
    "connections", [[AT_ONCE + QUEUED, 204], [AT_ONCE + QUEUED, event(9, "reset")], [AT_ONCE + QUEUED]]
)
async def test_where_the_events_are_gone_the_state_says_that_the_job_has_ended(
    connections: list[bytes | int],
) -> None:
    script = Script(connections, status="succeeded")

    assert (await followed(script))[0] == "generation_queued"
    assert script.resumed_behind[-1] in {None, "1"}


@pytest.mark.parametrize("status", [401, 404])
async def test_a_refusal_is_final(status: int) -> None:
    with pytest.raises(Refused, match="not now"):
        await followed(Script([AT_ONCE + QUEUED, status]))


async def test_after_many_connections_in_a_row_that_fail_it_gives_up() -> None:
    script = Script([AT_ONCE + QUEUED, AT_ONCE + b"data: {\n\n"])

    with pytest.raises(Unreachable):
        await followed(script)

    assert len(script.resumed_behind) == MOST_FAILURES + 2
