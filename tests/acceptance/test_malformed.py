"""Some six hundred malformed requests: each gets its right problem, in time, and none is a mistake of ours."""

from collections.abc import Iterator

import pytest

from tests.acceptance.client import Client, token_of
from tests.acceptance.expectations import assert_problem
from tests.acceptance.malformed import Malformed, exchange
from tests.acceptance.malformed_bodies import BODIES
from tests.acceptance.malformed_heads import HEADS, METHODS
from tests.acceptance.process import Process, serving
from tests.acceptance.service import new_session

ALL = [*BODIES, *HEADS]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    """A service of these tests' own, whose log nobody else writes."""
    with serving(tmp_path_factory.mktemp("malformed")) as served:
        yield served


@pytest.mark.parametrize("case", ALL, ids=lambda case: ascii(case.name)[1:-1])
async def test_a_malformed_request_gets_its_problem(place: tuple[Process, str], case: Malformed) -> None:
    async with new_session() as session:
        client = Client(session, place[1], "mallory", token_of("mallory"))

        answer = await exchange(client, case.sent_by(client))

    assert b"Traceback" not in answer.body
    if case.code is None:
        assert answer.status == case.status, answer
        assert b"problem" not in answer.body
    else:
        assert_problem(answer, case.status, case.code)
    if case.code == "method_not_allowed":
        assert answer.headers["Allow"] == METHODS[case.first.split()[1]]


async def test_nothing_of_it_was_an_error_of_ours(place: tuple[Process, str]) -> None:
    process, url = place
    async with new_session() as session:
        client = Client(session, url, "mallory", token_of("mallory"))
        assert (await client.get("/healthz")).status == 200

        jobs = (await client.get("/jobs")).json["items"]

    assert jobs == []
    assert [line for line in process.log if line["level"] not in {"info", "warning"} or "exception" in line] == []


def test_there_are_enough_of_them() -> None:
    assert len(ALL) > 300
