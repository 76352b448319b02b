"""Problems: every refusal is a whole problem document, with an id that finds it in the log."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from app.routes import ROUTES
from tests.acceptance.client import SMALL, Client
from tests.acceptance.expectations import assert_problem, assert_refused_field
from tests.acceptance.service import in_process
from tests.acceptance.stores import AbsentStore, BreakingStore, BuggyStore, standalone_on


@pytest.mark.parametrize("target", ["/nothing", "/jobs/", "/generate", "/generate/sound", "//", "/%2e%2e/", "/%FF"])
async def test_what_is_not_there_is_a_problem(alice: Client, target: str) -> None:
    assert_problem(await alice.get(target), 404, "not_found")


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES if "{" not in route.path}))
async def test_another_method_is_refused_with_those_that_work(alice: Client, path: str) -> None:
    answer = await alice.send("PATCH", path)

    assert_problem(answer, 405, "method_not_allowed")
    allowed = set(answer.headers["Allow"].split(","))
    assert allowed >= {route.method for route in ROUTES if route.path == path}
    assert "PATCH" not in allowed


@pytest.mark.parametrize(
    "path", ["/media/upload/init", "/media/upload/complete", "/media/upload/abort", "/media/delete"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_has_a_handler_of_its_own_is_no_objects_path(alice: Client, method: str, path: str) -> None:
    answer = await alice.send(method, path)

    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


async def test_a_problem_of_a_nobody_tells_no_more(alice: Client) -> None:
    nobody = Client(alice.session, alice.base, "", None)

    document = assert_problem(await nobody.get("/jobs?secret=x"), 401, "unauthenticated")

    assert document["instance"] == "/jobs"


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("limit", "limit=0"),
        ("limit", "limit=201"),
        ("limit", "limit=-1"),
        ("limit", "limit="),
        ("limit", "limit=1.0"),
        ("limit", "limit=1e1"),
        ("limit", "limit=%2B5"),
        ("limit", "limit=%D9%A1"),
        ("limit", "limit=" + "9" * 5000),
        ("cursor", "cursor="),
        ("cursor", "cursor=x"),
        ("cursor", "cursor=AAAAAAAAAAAAAAAAAAAAAA=="),
        ("cursor", "cursor=AAAAAAAAAAAAAAAAAAAAAB"),
        ("cursor", "cursor=%F0%9F%98%80"),
        ("cursor", "cursor=%00"),
        ("kind", "kind=sound"),
        ("kind", "kind="),
        ("kind", "kind=IMAGE"),
    ],
)
@pytest.mark.parametrize("path", ["/jobs", "/media"])
async def test_a_bad_query_is_named(alice: Client, path: str, field: str, query: str) -> None:
    assert_refused_field(await alice.get(f"{path}?{query}"), field)


@pytest.mark.parametrize(
    ("field", "target"),
    [("status", "/jobs?status=done"), ("source", "/media?source=x"), ("prefix", "/media?prefix=%00")],
)
async def test_a_bad_filter_is_named(alice: Client, field: str, target: str) -> None:
    assert_refused_field(await alice.get(target), field)


@pytest.mark.parametrize(
    ("field", "body"),
    [("paths", {"paths": []}), ("paths", {"paths": ["x"] * 101}), ("paths.0", {"paths": [1]}), ("paths", {})],
)
async def test_a_bad_list_of_paths_is_named(alice: Client, field: str, body: object) -> None:
    assert_refused_field(await alice.post("/media/delete", body), field)


@pytest.mark.parametrize("id", ["a", "req-1:2/3+4=5._x", "A" * 128])
async def test_a_sane_id_of_the_caller_is_given_back(alice: Client, id: str) -> None:
    fine = await alice.get("/jobs", **{"X-Request-Id": id})
    refused = await alice.get("/nothing", **{"X-Request-Id": id})

    assert fine.headers["X-Request-Id"] == refused.headers["X-Request-Id"] == refused.json["requestId"] == id


@pytest.mark.parametrize("id", ["", "A" * 129, "two words", "<script>", "ümlaut", 'quote"', "\t"])
async def test_another_id_of_the_caller_is_replaced(alice: Client, id: str) -> None:
    answer = await alice.get("/nothing", **{"X-Request-Id": id})

    document = assert_problem(answer, 404, "not_found")
    assert document["requestId"] not in {"", id}


async def test_every_answer_carries_an_id_of_its_own(alice: Client) -> None:
    targets = ("/jobs", "/healthz", "/", "/nothing", "/metrics", "/files/x")
    ids = [(await alice.get(target)).headers["X-Request-Id"] for target in targets]
    async with alice.stream() as stream:
        ids.append(stream.response.headers["X-Request-Id"])

    assert len(set(ids)) == len(ids)


async def test_an_expectation_that_nobody_knows_is_left_unmet(alice: Client) -> None:
    assert (await alice.get("/jobs", Expect="wonders")).status == 200


async def test_a_client_that_waits_to_go_on_is_told_to(alice: Client) -> None:
    async with alice.session.post(
        alice.url("/generate/image"), json=SMALL, headers=alice.authorization, expect100=True
    ) as response:
        assert response.status == 202


async def signed_of(client: Client) -> str:
    """Where the bytes of a new picture are."""
    return (await client.get((await client.picture())["url"])).headers["Location"]


async def test_a_failure_in_the_middle_of_an_answer_cuts_it_off(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(BreakingStore)) as service:
        alice = service.client()
        url = alice.url(await signed_of(alice))
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"GET {url.raw_path_qs} HTTP/1.1\r\nHost: {url.authority}\r\n\r\n".encode())
        received = b""
        with suppress(ConnectionResetError):
            while chunk := await reader.read(65536):
                received += chunk
        writer.close()

    assert received.count(b"HTTP/1.1") == 1
    assert b"problem" not in received


async def test_a_mistake_of_ours_is_told_by_its_code_alone(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(BuggyStore)) as service:
        alice = service.client()

        answer = await alice.get(await signed_of(alice))

        document = assert_problem(answer, 500, "internal_error")
        assert "secret" not in answer.body.decode()
        assert document["detail"] == document["title"]


async def test_a_dependency_that_is_down_says_when_to_come_back(tmp_path: Path) -> None:
    async with in_process(tmp_path, standalone_on(AbsentStore)) as service:
        alice = service.client()

        answer = await alice.get(await signed_of(alice))

        assert_problem(answer, 503, "dependency_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert "internal:9000" not in answer.body.decode()
