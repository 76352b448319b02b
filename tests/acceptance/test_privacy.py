"""Privacy: what belongs to somebody else is not there."""

import pytest

from app.routes import ROUTES, Route
from tests.acceptance.client import Client, token_of
from tests.acceptance.expectations import assert_problem

OF_ONE_JOB = [route for route in ROUTES if "{job_id}" in route.path and not route.is_public]
OF_ONE_OBJECT = [route for route in ROUTES if "{path" in route.path and not route.is_public]
NO_IDS = (
    "x",
    "0",
    "%2e%2e",
    "%00",
    "019AAAAA-0000-7000-8000-000000000000",
    "019aaaaa000070008000000000000000",
    "%F0%9F%98%80",
)

FORMS = (
    "{path}",
    "{relative}",
    "media/{bob}/../{relative}",
    "media/{bob}/%2e%2e/{relative}",
    "media/{bob}/%2E%2E%2F{relative}",
    "media/{bob}/%252e%252e/{relative}",
    "media/{bob}/..%5C{relative}",
    "{bob}/../{relative}",
    "../media/{relative}",
    "%2e%2e/{path}",
    "media//{relative}",
    "%6dedia/{relative}",
    "{path}%00",
    "derivatives/{relative}",
)


@pytest.mark.parametrize("route", OF_ONE_JOB, ids=lambda route: route.name)
async def test_anothers_job_is_not_found(alice: Client, bob: Client, route: Route) -> None:
    job_id = await alice.generate()
    await alice.ending_of(job_id)

    answer = await bob.send(route.method, route.path.replace("{job_id}", job_id))

    assert_problem(answer, 404, "not_found")
    assert (await alice.job(job_id))["status"] == "succeeded"


@pytest.mark.parametrize("route", OF_ONE_JOB, ids=lambda route: route.name)
async def test_a_job_that_never_was_is_answered_like_anothers(alice: Client, bob: Client, route: Route) -> None:
    job_id = await alice.generate()
    never = job_id[:-1] + ("0" if job_id[-1] != "0" else "1")

    anothers = await bob.send(route.method, route.path.replace("{job_id}", job_id))
    nobodys = await bob.send(route.method, route.path.replace("{job_id}", never))

    variable = {"instance": "", "requestId": ""}
    assert anothers.json | variable == nobodys.json | variable


@pytest.mark.parametrize("route", OF_ONE_JOB, ids=lambda route: route.name)
async def test_what_is_no_id_is_not_found(alice: Client, route: Route) -> None:
    for id in NO_IDS:  # noqa: A001  # what it is called
        assert_problem(await alice.send(route.method, route.path.replace("{job_id}", id)), 404, "not_found")


async def test_a_stream_of_anothers_job_is_not_found(alice: Client, bob: Client) -> None:
    job_id = await alice.generate()

    assert_problem(await bob.get(f"/events?jobId={job_id}"), 404, "not_found")


@pytest.mark.parametrize("route", OF_ONE_OBJECT, ids=lambda route: route.name)
async def test_anothers_object_is_not_found_however_it_is_written(alice: Client, bob: Client, route: Route) -> None:
    item = await alice.picture()
    names = {"path": item["path"], "relative": item["path"].removeprefix("media/"), "bob": bob.user}

    for form in FORMS:
        answer = await bob.send(route.method, "/media/" + form.format(**names))

        assert answer.status == 404, form
        assert_problem(answer, 404, "not_found")
    assert (await alice.get(f"/{item['path']}")).status == 200


async def test_lists_hold_nothing_of_others(alice: Client, bob: Client) -> None:
    await alice.picture()

    assert (await bob.get("/jobs")).json == {"items": [], "nextCursor": None}
    assert (await bob.get("/media")).json == {"items": [], "nextCursor": None}
    assert (await bob.get(f"/media?prefix=../{alice.user}/")).json["items"] == []


async def test_a_user_whose_name_begins_like_anothers_sees_nothing_of_his(alice: Client) -> None:
    item = await alice.picture()
    longer = Client(alice.session, alice.base, alice.user + "0", token_of(alice.user + "0"))

    assert (await longer.get(f"/{item['path']}")).status == 404
    assert (await longer.get("/media")).json["items"] == []


@pytest.mark.parametrize("key", ["x", "a" * 43, "%00", "..%2f..", "%F0%9F%98%80", "a" * 5000])
async def test_an_unknown_file_key_is_not_found(alice: Client, key: str) -> None:
    assert_problem(await alice.get(f"/files/{key}"), 404, "not_found")
