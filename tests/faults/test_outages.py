"""A dependency that is gone or silent keeps no endpoint from answering."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

from tests.acceptance.client import SMALL, Answer, Client, token_of
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import new_session
from tests.faults.fleet import Fleet, running_fleet
from tests.postgres import PostgresServer
from tests.redis import RedisServer

ANSWER_SECONDS = 4
"""Twice what is promised, for a machine that has other things to do."""
NOBODY = "01900000-0000-7000-8000-000000000000"
UPLOAD = {"filename": "cat.png", "contentType": "image/png"}
OBJECT = {"objectPath": "media/alice/none/none.png"}

Call = tuple[str, str, object]
Outage = Callable[[Fleet], AbstractContextManager[None]]

ALWAYS: tuple[Call, ...] = (("GET", "/healthz", None), ("GET", "/metrics", None), ("GET", "/models", None))
NEED_DATABASE: tuple[Call, ...] = (
    ("POST", "/generate/image", SMALL),
    ("POST", "/generate/video", {"prompt": "waves"}),
    ("GET", "/jobs", None),
    ("GET", f"/jobs/{NOBODY}", None),
    ("POST", f"/jobs/{NOBODY}/cancel", None),
    ("DELETE", f"/jobs/{NOBODY}", None),
    ("GET", f"/jobs/{NOBODY}/events", None),
    ("GET", "/media", None),
    ("GET", "/media/media/alice/none.png", None),
    ("DELETE", "/media/media/alice/none.png", None),
    ("POST", "/media/delete", {"paths": ["media/alice/none.png"]}),
    ("GET", f"/files/{'x' * 43}", None),
    ("POST", "/media/upload/init", UPLOAD),
    ("POST", "/media/upload/complete", OBJECT),
    ("POST", "/media/upload/abort", OBJECT),
    ("DELETE", "/me", None),
)
NEED_REDIS: tuple[Call, ...] = (("POST", "/events/ticket", {}), ("GET", "/events", None))
WITHOUT_REDIS: tuple[tuple[Call, int], ...] = (
    (("POST", "/generate/image", SMALL), 202),
    (("GET", "/jobs", None), 200),
    (("GET", f"/jobs/{NOBODY}", None), 404),
    (("GET", "/media", None), 200),
    (("POST", "/media/upload/init", UPLOAD), 201),
)
"""What SQL alone allows."""


@contextmanager
def silent_database(fleet: Fleet) -> Iterator[None]:
    fleet.postgres.send(signal.SIGSTOP)
    try:
        yield
    finally:
        fleet.postgres.send(signal.SIGCONT)


@contextmanager
def closed_database(fleet: Fleet) -> Iterator[None]:
    fleet.refuse_sessions(refuse=True)
    fleet.cut_sessions()
    try:
        yield
    finally:
        fleet.refuse_sessions(refuse=False)


@contextmanager
def silent_redis(fleet: Fleet) -> Iterator[None]:
    fleet.redis.send(signal.SIGSTOP)
    try:
        yield
    finally:
        fleet.redis.send(signal.SIGCONT)


@contextmanager
def dead_redis(fleet: Fleet) -> Iterator[None]:
    fleet.redis.kill()
    try:
        yield
    finally:
        fleet.redis.start()


@asynccontextmanager
async def serving(directory: Path, postgres: PostgresServer, redis: RedisServer) -> AsyncIterator[tuple[Fleet, Client]]:
    async with (
        running_fleet(directory, postgres, redis, webs=1, workers=0) as fleet,
        new_session() as session,
    ):
        yield fleet, Client(session, fleet.bases[0], "alice", token_of("alice"))


async def answers(client: Client, calls: Iterable[Call]) -> list[Answer]:
    """What each call is answered, one after the other: many at once would wait for each other."""
    answered = []
    for method, target, body in calls:
        async with asyncio.timeout(ANSWER_SECONDS):
            answered.append(await client.send(method, target, json=body))
    return answered


def assert_unavailable(answered: Iterable[Answer]) -> None:
    for answer in answered:
        assert_problem(answer, 503, "dependency_unavailable")
        assert int(answer.headers["Retry-After"]) > 0


async def test_each_endpoint_answers_in_time_with_what_is_still_true(
    tmp_path: Path, postgres: PostgresServer, fault_redis: RedisServer
) -> None:
    async with serving(tmp_path, postgres, fault_redis) as (fleet, client):
        for outage in (silent_database, closed_database):
            with outage(fleet):
                assert [answer.status for answer in await answers(client, ALWAYS)] == [200] * len(ALWAYS)
                assert_unavailable(await answers(client, NEED_DATABASE))

        for outage in (silent_redis, dead_redis):
            with outage(fleet):
                assert [answer.status for answer in await answers(client, ALWAYS)] == [200] * len(ALWAYS)
                assert_unavailable(await answers(client, NEED_REDIS))
                answered = await answers(client, [call for call, _ in WITHOUT_REDIS])
                assert [answer.status for answer in answered] == [status for _, status in WITHOUT_REDIS]
