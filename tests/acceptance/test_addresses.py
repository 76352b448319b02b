"""Addresses: other origins that may call, and a prefix that everything stands under."""

from collections.abc import Mapping
from pathlib import Path

from app.routes import ROUTES
from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import in_process

APP = "https://app.example"
OTHER = "http://localhost:3000"


def cors_of(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("access-control-")}


async def test_an_origin_that_is_named_may_read_answers_problems_and_streams(tmp_path: Path) -> None:
    async with in_process(tmp_path, cors_origins=f"{APP}, {OTHER}") as service:
        alice = service.client()
        item = await alice.picture()
        file = await alice.get(item["url"], Origin=APP)
        ticket = (await alice.post("/events/ticket")).json["ticket"]
        answers = [
            await alice.get("/jobs", Origin=APP),
            await alice.get("/nothing", Origin=APP),
            await alice.send("PATCH", "/jobs", headers={"Origin": APP}),
            await service.nobody.get("/jobs", Origin=APP),
            file,
            await alice.get(file.headers["Location"], Origin=APP),
        ]
        async with alice.session.get(alice.url(f"/events?ticket={ticket}"), headers={"Origin": APP}) as stream:
            headers = [*(answer.headers for answer in answers), stream.headers]

        assert [answer.status for answer in answers] == [200, 404, 405, 401, 302, 200]
        assert [each["Access-Control-Allow-Origin"] for each in headers] == [APP] * len(headers)
        assert all("Origin" in each.getall("Vary") for each in headers)
        assert all("X-Request-Id" in each["Access-Control-Expose-Headers"] for each in headers)
        assert (await alice.get("/jobs", Origin=OTHER)).headers["Access-Control-Allow-Origin"] == OTHER


async def test_a_preflight_allows_what_the_api_needs(tmp_path: Path) -> None:
    async with in_process(tmp_path, cors_origins=APP) as service:
        headers = {
            "Origin": APP,
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authorization,content-type,idempotency-key,last-event-id",
        }

        answer = await service.nobody.send("OPTIONS", "/jobs/x", headers=headers)

        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert {route.method for route in ROUTES} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert set(headers["Access-Control-Request-Headers"].split(",")) <= set(allowed)


async def test_no_other_origin_is_allowed(tmp_path: Path) -> None:
    similar = ("http://app.example", f"{APP}:443", f"{APP}.evil.example", APP.upper(), f"{APP}/")
    async with in_process(tmp_path, cors_origins=APP) as service:
        for origin in ("https://evil.example", "null", *similar):
            preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}

            plain = await service.nobody.get("/healthz", Origin=origin)
            asked = await service.nobody.send("OPTIONS", "/jobs", headers=preflight)

            assert cors_of(plain.headers) == cors_of(asked.headers) == {}, origin
            assert plain.headers["Vary"] == "Origin"
            assert_problem(asked, 405, "method_not_allowed")


async def test_no_origin_is_allowed_by_default(alice: Client) -> None:
    preflight = {"Origin": APP, "Access-Control-Request-Method": "GET"}

    plain = await alice.get("/jobs", Origin=APP)
    asked = await alice.send("OPTIONS", "/jobs", headers=preflight)

    assert cors_of(plain.headers) == cors_of(asked.headers) == {}
    assert (plain.status, asked.status) == (200, 405)


async def test_everything_stands_below_the_base_path(tmp_path: Path) -> None:
    async with in_process(tmp_path, base_path="/example-api") as service:
        alice = service.client()
        accepted = await alice.post("/generate/image", {"prompt": "x", "width": 64, "height": 64})
        job_id = accepted.json["jobId"]
        ending = await alice.ending_of(job_id)
        [item] = ending.data["result"]["media"]
        file = await alice.get(item["url"])
        page = await alice.get("/")

        assert accepted.headers["Location"] == f"/example-api/jobs/{job_id}"
        assert accepted.json["urls"] == {
            "self": f"/example-api/jobs/{job_id}",
            "events": f"/example-api/jobs/{job_id}/events",
            "cancel": f"/example-api/jobs/{job_id}/cancel",
        }
        assert item["url"].startswith(f"{service.origin}/example-api/files/")
        assert file.headers["Location"].startswith(f"{service.origin}/example-api/storage/")
        assert (await alice.get(file.headers["Location"])).status == 200
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


async def test_nothing_but_operations_stands_outside_of_the_base_path(tmp_path: Path) -> None:
    async with in_process(tmp_path, base_path="/example-api") as service:
        outside = Client(service.session, service.origin, "alice", service.client().token)

        statuses = {path: (await outside.get(path)).status for path in ("/", "/jobs", "/models", "/events", "/files/x")}
        operations = {path: (await outside.get(path)).status for path in ("/healthz", "/readyz", "/metrics")}
        inside = {path: (await service.nobody.get(path)).status for path in ("/healthz", "/readyz", "/metrics")}

        assert set(statuses.values()) == {404}
        assert set(operations.values()) == {200}
        assert set(inside.values()) == {404}


async def test_urls_are_made_with_the_public_address(tmp_path: Path) -> None:
    async with in_process(tmp_path, public_url="https://media.example") as service:
        item = await service.client().picture()
        path = item["url"].removeprefix("https://media.example")

        file = await service.nobody.get(path)

        assert item["url"].startswith("https://media.example/files/")
        assert file.headers["Location"].startswith("https://media.example/storage/")
