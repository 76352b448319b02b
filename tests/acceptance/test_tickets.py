"""Tickets: one stream, once, for clients that can't send headers."""

from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from tests.acceptance.client import Client
from tests.acceptance.service import Service, in_process


async def ticket_of(client: Client) -> str:
    answer = await client.post("/events/ticket")
    assert answer.status == 201
    ticket: str = answer.json["ticket"]
    return ticket


async def test_a_ticket_is_good_for_a_minute_and_says_nothing(alice: Client) -> None:
    answer = await alice.post("/events/ticket")

    assert answer.status == 201
    assert set(answer.json) == {"ticket", "expiresIn"}
    assert answer.json["expiresIn"] == 60
    assert answer.headers["Cache-Control"] == "no-store"
    assert alice.user.encode() not in urlsafe_b64decode(answer.json["ticket"] + "==")


async def test_a_ticket_opens_its_makers_stream(alice: Client, service: Service) -> None:
    ticket = await ticket_of(alice)

    async with service.nobody.stream(f"/events?ticket={ticket}") as stream:
        await stream.until("snapshot")
        job_id = await alice.generate()

        assert (await stream.next()).data["jobId"] == job_id


async def test_a_ticket_opens_one_jobs_stream(alice: Client, service: Service) -> None:
    job_id = await alice.generate()
    ticket = await ticket_of(alice)

    async with service.nobody.stream(f"/jobs/{job_id}/events?ticket={ticket}") as stream:
        assert (await stream.rest())[-1].name == "generation_complete"


async def test_a_ticket_is_used_up_by_one_stream(alice: Client, service: Service) -> None:
    ticket = await ticket_of(alice)

    async with service.nobody.stream(f"/events?ticket={ticket}") as stream:
        await stream.next()
        second = await service.nobody.get(f"/events?ticket={ticket}")

    assert (second.status, second.json["code"]) == (401, "unauthenticated")
    assert second.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("ticket", ["", "x", "a" * 43, "%00", "%F0%9F%98%80", "%ED%A0%80", "../mp:epoch"])
async def test_what_is_no_ticket_is_refused_like_one_that_was_used(
    alice: Client, service: Service, ticket: str
) -> None:
    used = await ticket_of(alice)
    async with service.nobody.stream(f"/events?ticket={used}"):
        pass

    wrong = await service.nobody.get(f"/events?ticket={ticket}")
    late = await service.nobody.get(f"/events?ticket={used}")

    assert wrong.status == late.status == 401
    assert wrong.json | {"requestId": ""} == late.json | {"requestId": ""}


async def test_a_ticket_opens_nothing_but_streams(alice: Client, service: Service) -> None:
    ticket = await ticket_of(alice)

    refused = [(await service.nobody.get(f"{path}?ticket={ticket}")).status for path in ("/jobs", "/media", "/models")]
    async with service.nobody.stream(f"/events?ticket={ticket}") as stream:
        first = await stream.next()

    assert refused == [401, 401, 401]
    assert first.name == "snapshot"


async def test_a_token_is_not_taken_from_the_url(alice: Client, service: Service) -> None:
    names = ("ticket", "token", "access_token", "authorization")

    answers = [await service.nobody.get(f"/events?{name}={alice.token}") for name in names]

    assert [answer.status for answer in answers] == [401] * 4


async def test_a_ticket_does_not_help_a_bad_token(alice: Client) -> None:
    ticket = await ticket_of(alice)

    answer = await alice.get(f"/events?ticket={ticket}", Authorization="Bearer garbage")

    assert answer.status == 401


async def test_anothers_job_is_not_found_by_ticket(alice: Client, bob: Client, service: Service) -> None:
    job_id = await alice.generate()

    answer = await service.nobody.get(f"/jobs/{job_id}/events?ticket={await ticket_of(bob)}")

    assert (answer.status, answer.json["code"]) == (404, "not_found")


async def test_a_stream_by_ticket_ends_with_the_token_that_the_ticket_was_made_with(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        brief = service.client(seconds=1.2)
        ticket = await ticket_of(brief)

        async with service.nobody.stream(f"/events?ticket={ticket}") as stream:
            assert [event.name for event in await stream.rest()] == ["snapshot"]
        assert (await brief.get("/jobs")).status == 401
