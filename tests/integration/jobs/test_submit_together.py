"""Submits of about the same time: written together, and each as if it had come alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.database import Database, DatabaseUnavailable, T, Work
from jobs.errors import IdempotencyKeyReused, InvalidRequest, QueueFull
from jobs.submitting import Accepted, Submission
from tests.databases import Place
from tests.factories import Bench, open_bench
from tests.integration.jobs.engines import FaultyEngine, database_error
from tests.readers import LogReader

ME = "alice"


class Counted(Database):
    """Counts its serializable transactions."""

    count = 0

    async def serializable(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        type(self).count += 1
        return await super().serializable(work, recall=recall)


class Forgetful(Database):
    """Serves one reading and one serializable transaction, and is away then, but for other transactions."""

    _has_written = False

    async def serializable(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        done = await super().serializable(work, recall=recall)
        self._has_written = True
        return done

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        if self._has_written:
            raise DatabaseUnavailable("away")
        async with super().reading() as connection:
            yield connection


def accepted(outcome: object) -> TypeGuard[Accepted]:
    return isinstance(outcome, Accepted)


def asking(owner: str = ME, *, key: str | None = None, **asked: Any) -> Submission:
    request = {"prompt": "a cat"} | asked
    return Submission(owner, "image", request, request, key)


async def submit_all(bench: Bench, *submissions: Submission) -> list[Accepted | BaseException]:
    """Submit these at once; what became of them."""
    outcomes = await asyncio.gather(*map(bench.service.submit, submissions), return_exceptions=True)
    await bench.settle()
    return outcomes


async def test_each_is_written_told_and_woken_for(bench: Bench) -> None:
    owners = ["alice", "bob", "alice", "carol", "alice"]
    readers = {owner: LogReader(bench.jobs.log, owner) for owner in set(owners)}
    for reader in readers.values():
        await reader.read()

    outcomes = await submit_all(bench, *(asking(owner, prompt=f"{n}") for n, owner in enumerate(owners)))

    made = [outcome.job_id for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(set(made)) == len(owners)
    rows = [await bench.row(job_id) for job_id in made]
    assert [(row.owner, row.request["prompt"], row.status) for row in rows] == [
        (owner, f"{n}", "queued") for n, owner in enumerate(owners)
    ]
    told = {payload["jobId"] for reader in readers.values() for _, payload in await reader.read()}
    assert told == set(made)
    assert set(bench.wake_ups.sent) >= {("image", job_id) for job_id in made}


async def test_a_request_is_kept_to_the_letter(bench: Bench) -> None:
    prompt, options = 'é\u2028\U0001f600\\u0041"', {"a": [None, True, {}], "b": 1e-7}
    request: dict[str, Any] = {"prompt": prompt, "seed": 2**53, "guidance": 0.1, "options": options}

    (outcome,) = await submit_all(bench, asking(**request))

    assert isinstance(outcome, Accepted)
    assert (await bench.row(outcome.job_id)).request == request


async def test_those_who_come_at_once_share_a_transaction(place: Place) -> None:
    Counted.count = 0
    async with open_bench(place, wrap=lambda database: Counted(database.engine)) as bench:
        await submit_all(bench, *(asking(f"user-{n}") for n in range(40)))

    assert Counted.count == 1


async def test_the_positions_that_are_told_are_those_that_come_true(bench: Bench) -> None:
    owners = ["alice", "alice", "bob", "carol", "bob", "alice", "carol", "carol", "bob"]
    await bench.submit_many(2, "carol")
    await bench.submit(owner="dave")

    outcomes = await submit_all(bench, *map(asking, owners))

    made = [(owner, outcome.job_id) for owner, outcome in zip(owners, outcomes, strict=True) if accepted(outcome)]
    told = [json.loads((await bench.events(job_id))[0].payload)["queuePosition"] for _, job_id in made]
    assert told == [(await bench.service.get(owner, job_id)).queue_position for owner, job_id in made]
    assert len(set(told)) == len(owners)


async def test_whoever_fills_their_own_room_takes_nobody_elses(place: Place) -> None:
    async with open_bench(place, max_queued=4, max_queued_per_user=2) as bench:
        *hers, his = await submit_all(bench, *(asking() for _ in range(8)), asking("bob"))

        assert [type(outcome) for outcome in hers] == [Accepted] * 2 + [QueueFull] * 6
        assert {str(outcome) for outcome in hers[2:]} == {"you have 2 unfinished jobs"}
        assert isinstance(his, Accepted)


async def test_an_owner_who_has_no_room_leaves_others_theirs(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=2) as bench:
        outcomes = await submit_all(bench, *(asking(owner) for owner in ("bob", "alice", "alice", "alice", "bob")))

        assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted, Accepted, QueueFull, Accepted]


async def test_a_key_that_comes_twice_at_once_makes_one_job(bench: Bench) -> None:
    outcomes = await submit_all(
        bench,
        asking(key="k"),
        asking(key="k"),
        asking("bob", key="k"),
        asking(key="k", prompt="a dog"),
        asking(key="l"),
    )

    first, again, his, other, another = outcomes
    assert isinstance(first, Accepted)
    assert again == Accepted(first.job_id, is_replay=True)
    assert isinstance(his, Accepted)
    assert not his.is_replay
    assert isinstance(other, IdempotencyKeyReused)
    assert isinstance(another, Accepted)
    assert not another.is_replay
    page = await bench.service.list(ME, status=None, kind=None, before=None, limit=10)
    assert {job.job_id for job in page.items} == {first.job_id, another.job_id}


async def test_what_fails_for_a_repeated_key_is_nothing_to_the_others(place: Place) -> None:
    async with open_bench(place, wrap=lambda database: Forgetful(database.engine)) as bench:
        one, again, other = await submit_all(bench, asking(key="k"), asking(key="k"), asking("bob"))

        assert isinstance(one, Accepted)
        assert isinstance(again, DatabaseUnavailable)
        assert isinstance(other, Accepted)
        assert sorted(bench.wake_ups.sent) == sorted([("image", one.job_id), ("image", other.job_id)])


async def test_a_key_of_what_comes_behind_an_erasure_outlives_it(bench: Bench) -> None:
    erasing = Submission(ME, "erasure", {}, None)
    erasure, outcome = await submit_all(bench, erasing, asking(key="k"))
    assert isinstance(erasure, Accepted)
    assert isinstance(outcome, Accepted)
    lease = await bench.claim("erasure")

    await bench.jobs.eraser.erase(lease.job, lambda _done, _total: None)

    assert await bench.service.submit(asking(key="k")) == Accepted(outcome.job_id, is_replay=True)


async def test_a_key_whose_request_found_no_room_is_not_used(place: Place) -> None:
    async with open_bench(place, max_queued_per_user=1) as bench:
        made, refused = await submit_all(bench, asking(), asking(key="k", prompt="a dog"))
        assert isinstance(made, Accepted)
        assert isinstance(refused, QueueFull)
        await bench.service.cancel(ME, made.job_id)

        again = await bench.service.submit(asking(key="k", prompt="something else"))

        assert not again.is_replay


async def test_a_transaction_of_which_the_outcome_was_unknown_is_not_written_twice(database_file: Path) -> None:
    unknown = iter([database_error("40003")])
    async with open_bench(
        database_file,
        wrap=lambda database: Database(FaultyEngine(database.engine, unknown, after_commit=True).as_engine),
        max_queued_per_user=1,
    ) as bench:
        one, refused, other = await submit_all(bench, asking(), asking(), asking("bob", key="k"))

        assert isinstance(one, Accepted)
        assert isinstance(refused, QueueFull)
        assert isinstance(other, Accepted)
        assert not other.is_replay
        assert sorted(bench.wake_ups.sent) == sorted([("image", one.job_id), ("image", other.job_id)])
        assert await bench.event_names(one.job_id) == ["generation_queued"]


async def test_what_is_wrong_with_one_is_nobody_elses_affair(bench: Bench) -> None:
    one, wrong, other = await submit_all(
        bench, asking("bob"), asking(inputs=["media/alice/nothing.png"]), asking("carol")
    )

    assert isinstance(one, Accepted)
    assert isinstance(other, Accepted)
    assert isinstance(wrong, InvalidRequest)


# SQLite takes everything.
@pytest.mark.places("postgresql", "cockroachdb")
async def test_what_the_database_refuses_of_one_does_not_fail_the_others(place: Place) -> None:
    async with open_bench(place) as bench:
        one, refused, other = await submit_all(bench, asking("bob"), asking(prompt="\0"), asking("carol"))

        assert isinstance(one, Accepted)
        assert isinstance(other, Accepted)
        assert isinstance(refused, DBAPIError)
        assert bench.wake_ups.forget()[-2:] == [one.job_id, other.job_id]
