"""Admission: limits, pauses and breakers that all workers share, and the models that are tried in a model's place."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors.children import ChildPool
from actors.generation import GenerationWork, Offer
from actors.inputs import InputShelf
from actors.outputs import OutputShelf
from actors.providers.base import Errand, GenerationRequest, Missing, Output, ProviderError, Reporter
from actors.work import Run
from jobs.admission import BREAKS_AFTER, Admission, Wanted
from jobs.job import Media
from jobs.submitting import Submission
from schema.menu import Entry, EntryLimits, Menu, Rate
from schema.models import Bounds, ModelInfo
from tests.factories import Bench, media_of, open_bench, put
from tests.integration.actors.runner_bench import RunnerBench, open_runner
from tests.integration.actors.scripted_provider import REQUEST, failure

JOBS_EACH = 15
FIRST, SECOND, THIRD = "far/first", "far/second", "near/third"


class PlainShelf(OutputShelf):
    """Stores what comes without looking at it, which takes a process of its own each time."""

    async def put(self, run: Run, request: GenerationRequest, output: Output) -> Media:
        media = media_of(run.job, output.index, model=request.model)
        await put(self._store, media.path)
        return media


@dataclass
class Counted:
    """A provider that counts who is at it. `answers` are raised in turn; None is none."""

    name: str
    infos: tuple[ModelInfo, ...]
    answers: dict[str, list[ProviderError | None]] = field(default_factory=dict)
    every: int = 0
    turns: int = 0
    calls: list[str] = field(default_factory=list)
    active: int = 0
    most: int = 0

    def models(self) -> tuple[ModelInfo, ...]:
        return self.infos

    @asynccontextmanager
    async def generate(
        self, request: GenerationRequest, report: Reporter, scratch: Path, errand: Errand
    ) -> AsyncIterator[AsyncIterator[Output | Missing]]:
        self.calls.append(request.model)
        self.active += 1
        self.most = max(self.most, self.active)
        try:
            yield self._outputs(request, scratch, errand)
        finally:
            self.active -= 1

    async def _outputs(self, request: GenerationRequest, scratch: Path, errand: Errand) -> AsyncIterator[Output]:
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.every and len(self.calls) % self.every == 0:
            raise failure("rate_limited", retry_after=0.01)
        answers = self.answers.get(request.model, [])
        if answers and (answer := answers.pop(0)) is not None:
            if answer.code == "timeout":
                await errand.note("job-1")
            raise answer
        for index in range(request.n):
            yield Output(index, scratch / str(index), "image/png", 8, 8, request.seed + index)


def menu_of(**changes: Any) -> Menu:
    """Three models, of which each has those behind it in its place."""
    first = {"id": FIRST, "provider": "openai", "fallbacks": [SECOND, THIRD], **changes}
    entries = [
        first,
        {"id": SECOND, "provider": "gemini", "fallbacks": [THIRD]},
        {"id": THIRD, "provider": "procedural"},
    ]
    return Menu(models=[Entry(**({"kind": "image"} | entry)) for entry in entries])


@dataclass
class World:
    bench: Bench
    at_work: RunnerBench
    provider: Counted

    @property
    def admission(self) -> Admission:
        return self.bench.jobs.admission

    async def submit(self, owner: str = "alice", **changes: Any) -> str:
        request = REQUEST | {"model": FIRST, "width": 64, "height": 64, "options": {}} | changes
        accepted = await self.bench.service.submit(Submission(owner, "image", request, request))
        await self.bench.settle()
        return accepted.job_id

    async def run(self, seconds: float = 120) -> str | None:
        """Let some time pass, and take a wake-up."""
        self.bench.clock.advance(seconds)
        return await self.at_work.run()

    async def models_of(self, job_id: str) -> tuple[list[str], list[tuple[str, str]]]:
        """Who made a job's outputs, and who failed at it."""
        view = await self.bench.service.get("alice", job_id)
        made = [item.model or "" for item in getattr(view.result, "media", [])]
        return made, [(each.model, each.code) for each in view.tried]


@asynccontextmanager
async def world(database_file: Path, menu: Menu) -> AsyncIterator[World]:
    children = ChildPool(limit=1)
    async with open_bench(database_file, menu=menu) as bench:
        provider = Counted("counted", menu.infos())
        offers = {entry.id: Offer(provider, entry.upstream_name) for entry in menu.models}
        work = GenerationWork(
            offers, PlainShelf(bench.store, children, bench.clock), InputShelf(bench.store), bench.jobs.admission
        )
        async with open_runner(bench, database_file.parent, work) as at_work:
            yield World(bench, at_work, provider)
    await children.close()


async def test_no_more_are_at_a_model_than_it_takes_and_nobody_starves(database_file: Path) -> None:
    owners = [f"user-{number}" for number in range(5)]
    async with world(database_file, menu_of(concurrency=2, fallbacks=[])) as here:
        here.provider.every, here.provider.turns = 7, 1000
        for owner in owners:
            for _ in range(JOBS_EACH):
                await here.submit(owner)
        order: list[str] = []

        async def work() -> None:
            while len(order) < 5 * JOBS_EACH:
                ending = await here.run(0.05)
                assert ending != "failed"
                if ending == "succeeded":
                    order.append(ending)
                await asyncio.sleep(0)

        async with asyncio.timeout(90):
            await asyncio.gather(*(work() for _ in range(3)))
        page = await here.bench.library.list(owners[0], prefix=None, kind=None, source=None, before=None, limit=200)
        ends = [
            (await here.bench.service.list(owner, status="succeeded", kind=None, before=None, limit=200)).items
            for owner in owners
        ]

    assert here.provider.most == 2
    assert [len(each) for each in ends] == [JOBS_EACH] * 5
    assert len(page.items) == JOBS_EACH
    finished = sorted((job.finished_at, owner) for owner, jobs in zip(owners, ends, strict=True) for job in jobs)
    counts: Counter[str] = Counter()
    for _, owner in finished:
        counts[owner] += 1
        if counts[owner] == 10:
            break
    assert set(counts) == set(owners)
    assert {job.attempts for jobs in ends for job in jobs} == {1}


async def test_a_provider_that_is_away_has_the_next_of_the_chain_do_it(database_file: Path) -> None:
    async with world(database_file, menu_of()) as here:
        here.provider.answers = {FIRST: [failure("provider_unavailable")], SECOND: [failure("model_retired")]}
        job_id = await here.submit(n=2)

        assert await here.run() == "succeeded"

        assert await here.models_of(job_id) == (
            [THIRD, THIRD],
            [(FIRST, "provider_unavailable"), (SECOND, "model_retired")],
        )


async def test_another_failure_than_these_is_no_reason_to_fall_back(database_file: Path) -> None:
    async with world(database_file, menu_of()) as here:
        here.provider.answers = {FIRST: [failure("content_policy")]}
        await here.submit()

        assert await here.run() == "failed"

        assert here.provider.calls == [FIRST]


async def test_what_is_under_way_and_paid_for_is_not_made_by_another_model(database_file: Path) -> None:
    async with world(database_file, menu_of()) as here:
        here.provider.answers = {FIRST: [failure("timeout"), failure("provider_unavailable"), None]}
        job_id = await here.submit()

        endings = [await here.run() for _ in range(3)]

        assert endings == ["failed", "failed", "succeeded"]
        assert (await here.models_of(job_id))[0] == [FIRST]
        assert here.provider.calls == [FIRST] * 3


async def test_a_model_that_is_paused_is_passed_over_by_every_worker(database_file: Path) -> None:
    async with world(database_file, menu_of()) as here:
        here.provider.answers = {FIRST: [failure("rate_limited", retry_after=60)]}
        jobs = [await here.submit() for _ in range(2)]

        endings = [await here.run() for _ in range(2)]

        assert endings == ["succeeded", "succeeded"]
        assert here.provider.calls == [FIRST, SECOND, SECOND]
        assert [(await here.models_of(job))[0] for job in jobs] == [[SECOND], [SECOND]]


async def test_a_job_waits_for_a_paused_model_that_nobody_stands_in_for(database_file: Path) -> None:
    async with world(database_file, menu_of(fallbacks=[])) as here:
        here.provider.answers = {FIRST: [failure("rate_limited", retry_after=60)]}
        job_id = await here.submit()

        endings = [await here.run(), await here.run()]

        row = await here.bench.row(job_id)
        assert endings == ["deferred", None]
        assert (row.status, row.attempts, row.claims) == ("queued", 0, 1)
        await here.bench.redis.delete(f"mp:pause:{FIRST}")
        assert await here.run() == "succeeded"


async def test_a_provider_that_keeps_failing_is_left_alone_for_a_while(database_file: Path) -> None:
    async with world(database_file, menu_of(fallbacks=[])) as here:
        here.provider.answers = {FIRST: [failure("provider_unavailable")] * BREAKS_AFTER}
        await here.submit()
        await here.submit()

        endings = [await here.run() for _ in range(BREAKS_AFTER + 2)]

        assert endings[:BREAKS_AFTER] == ["failed"] * BREAKS_AFTER
        assert endings[BREAKS_AFTER:] == [None, None]
        # When its time is over one job tries; it succeeds, and all is as before.
        await here.bench.redis.hset("mp:breaker:openai", "until", "0")
        assert await here.run() == "succeeded"
        assert await here.bench.redis.exists("mp:breaker:openai") == 0


async def test_while_one_tries_a_provider_that_was_left_alone_the_others_wait(database_file: Path) -> None:
    async with world(database_file, menu_of(fallbacks=[])) as here:
        for _ in range(BREAKS_AFTER):
            await here.admission.report(FIRST, is_available=False)
        await here.bench.redis.hset("mp:breaker:openai", "until", "0")

        seats = [await here.admission.admit(Wanted(REQUEST | {"model": FIRST})) for _ in range(2)]

        assert [seat is not None for seat in seats] == [True, False]


async def test_no_more_outputs_are_asked_for_than_a_rate_allows(database_file: Path) -> None:
    async with world(database_file, menu_of(rate=Rate(requests=5, seconds=3600), fallbacks=[])) as here:
        wanted = Wanted(REQUEST | {"model": FIRST, "n": 2})

        seats = [await here.admission.admit(wanted) for _ in range(3)]
        closed = await here.admission.closed("image")

        assert [seat is not None for seat in seats] == [True, True, False]
        # One more output would be within it.
        assert closed == {}
        assert await here.admission.admit(Wanted(REQUEST | {"model": FIRST})) is not None
        assert 3500 < (await here.admission.closed("image"))[FIRST] <= 3600


async def test_a_place_is_free_again_when_its_worker_says_nothing_any_more(database_file: Path) -> None:
    async with world(database_file, menu_of(concurrency=1, fallbacks=[])) as here:
        wanted = Wanted(REQUEST | {"model": FIRST})
        seat = await here.admission.admit(wanted)
        assert seat is not None

        assert await here.admission.admit(wanted) is None
        await here.bench.redis.zadd(f"mp:places:{FIRST}", {seat.token: 0})

        assert await here.admission.admit(wanted) is not None
        # Who comes back from the dead does not take the place again.
        await here.admission.keep(seat)
        assert await here.bench.redis.zcard(f"mp:places:{FIRST}") == 1


async def test_without_redis_nothing_that_is_limited_is_begun(database_file: Path) -> None:
    async with world(database_file, menu_of(fallbacks=[])) as here:
        await here.submit()
        job_id = await here.submit(model=THIRD)
        here.bench.server.connected = False

        endings = [await here.run(), await here.run()]

        here.bench.server.connected = True
        assert endings == ["succeeded", None]
        assert (await here.models_of(job_id))[0] == [THIRD]


async def test_a_model_that_can_not_take_the_request_is_left_out_of_the_chain(database_file: Path) -> None:
    menu = menu_of()
    narrow = menu.models[1].model_copy(update={"limits": EntryLimits(n=Bounds(minimum=1, maximum=1))})
    async with world(database_file, Menu(models=[menu.models[0], narrow, menu.models[2]])) as here:
        here.provider.answers = {FIRST: [failure("provider_unavailable")]}
        job_id = await here.submit(n=2)

        await here.run()

        assert (await here.models_of(job_id))[0] == [THIRD, THIRD]


@pytest.mark.parametrize("ending", ["succeeded", "failed"])
async def test_a_place_is_given_back_at_every_end_and_somebody_is_woken(database_file: Path, ending: str) -> None:
    async with world(database_file, menu_of(concurrency=1, fallbacks=[])) as here:
        if ending == "failed":
            here.provider.answers = {FIRST: [failure("content_policy")]}
        job_id = await here.submit()
        here.bench.wake_ups.queue.clear()

        assert await here.run() == ending

        assert await here.bench.redis.zcard(f"mp:places:{FIRST}") == 0
        assert [each for each in here.bench.wake_ups.queue if job_id in each] != []
