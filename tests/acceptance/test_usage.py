"""What the caller's generations came to: by day and model, one's own alone."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem

SMALL = {"width": 64, "height": 64}


def today() -> str:
    return datetime.now(UTC).date().isoformat()


async def test_generations_are_summed_by_day_and_model(alice: Client, bob: Client) -> None:
    for _ in range(2):
        await alice.picture(n=2, **SMALL)

    usage = await alice.get("/usage")

    assert usage.status == 200
    assert usage.json["items"] == [
        {"date": today(), "model": "procedural/image", "kind": "image", "jobs": 2, "outputs": 4, "cost": 0.0}
    ]
    assert (usage.json["until"], usage.json["cost"]) == (today(), 0.0)
    assert (await bob.get("/usage")).json["items"] == []


async def test_other_days_are_other_sums(alice: Client) -> None:
    await alice.picture(**SMALL)
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()

    assert (await alice.get(f"/usage?until={yesterday}")).json["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "since=20261101",
        "since=2026-W01-1",
        "since=2026-02-30",
        "until=",
        "day=2026-11-01",
    ],
)
async def test_a_period_that_is_none_is_refused(alice: Client, query: str) -> None:
    assert_problem(await alice.get(f"/usage?{query}"), 422, "invalid_request")


async def test_of_a_long_time_the_last_366_days_are_told(alice: Client) -> None:
    usage = (await alice.get("/usage?since=0749-02-04&until=2024-12-31")).json

    assert (usage["since"], usage["until"]) == ("2024-01-01", "2024-12-31")


async def test_a_time_that_ends_before_it_begins_has_nothing(alice: Client) -> None:
    usage = (await alice.get("/usage?since=2026-11-02&until=2026-11-01")).json

    assert (usage["since"], usage["until"], usage["items"]) == ("2026-11-02", "2026-11-01", [])


@pytest.mark.parametrize("query", ["until=0001-01-05", "since=9999-12-31", "since=0001-01-01&until=0001-01-01"])
async def test_the_first_and_the_last_days_of_the_calendar_are_days(alice: Client, query: str) -> None:
    assert (await alice.get(f"/usage?{query}")).json["items"] == []
