"""Idempotency keys: however often a request is repeated, it makes one job."""

import asyncio

import pytest

from tests.acceptance.client import SMALL, Client
from tests.acceptance.expectations import assert_problem, assert_refused_field

KEY = {"Idempotency-Key": "a-key"}


async def test_a_hundred_posts_at_once_make_one_job(alice: Client) -> None:
    answers = await asyncio.gather(*(alice.post("/generate/image", SMALL, **KEY) for _ in range(100)))

    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["jobId"] for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len((await alice.get("/jobs")).json["items"]) == 1


async def test_a_repeated_request_gets_the_first_answer_again(alice: Client) -> None:
    first = await alice.post("/generate/image", SMALL, **KEY)
    await alice.ending_of(first.json["jobId"])

    again = await alice.post("/generate/image", dict(reversed(SMALL.items())), **KEY)

    assert (again.status, again.body, again.headers["Location"]) == (202, first.body, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_belongs_to_its_user(alice: Client, bob: Client) -> None:
    mine = await alice.post("/generate/image", SMALL, **KEY)
    his = await bob.post("/generate/image", SMALL, **KEY)

    assert mine.json["jobId"] != his.json["jobId"]
    assert "Idempotency-Replayed" not in his.headers


async def test_requests_without_a_key_make_a_job_each(alice: Client) -> None:
    first, second = await alice.generate(), await alice.generate()

    assert first != second


async def test_a_key_with_another_body_is_refused(alice: Client) -> None:
    await alice.post("/generate/image", SMALL, **KEY)

    answer = await alice.post("/generate/image", SMALL | {"seed": 8}, **KEY)

    assert_problem(answer, 422, "idempotency_key_reused")
    assert len((await alice.get("/jobs")).json["items"]) == 1


async def test_a_refused_request_does_not_use_its_key_up(alice: Client) -> None:
    refused = await alice.post("/generate/image", SMALL | {"n": 0}, **KEY)
    accepted = await alice.post("/generate/image", SMALL, **KEY)

    assert (refused.status, accepted.status) == (422, 202)


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ümlaut", "tab\tinside"])
async def test_a_bad_key_is_refused(alice: Client, key: str) -> None:
    answer = await alice.post("/generate/image", SMALL, **{"Idempotency-Key": key})

    assert_refused_field(answer, "Idempotency-Key")


async def test_two_keys_are_refused(alice: Client) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two"), *alice.authorization.items()]

    async with alice.session.post(alice.url("/generate/image"), json=SMALL, headers=headers) as response:
        assert response.status == 422


async def test_the_longest_key_is_taken(alice: Client) -> None:
    answer = await alice.post("/generate/image", SMALL, **{"Idempotency-Key": "~" * 255})

    assert answer.status == 202
