"""Generation on the real lifecycle: what attempts leave each other, what is missed, and what it costs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.children import ChildPool
from actors.generation import GenerationWork, Offer
from actors.inputs import InputShelf
from actors.outputs import OutputShelf
from actors.providers.base import Errand, Missing
from jobs.submitting import Submission
from schema.responses import GenerationResult, JobView
from tests.factories import Bench, make_media, paths_in, put
from tests.integration.actors.runner_bench import RunnerBench, open_runner
from tests.integration.actors.scripted_provider import REQUEST, Scripted, failure

BLOCKED = Missing(1, "content_policy", "The provider refuses it.")


@pytest.fixture
def provider() -> Scripted:
    return Scripted()


@pytest.fixture
async def at_work(bench: Bench, provider: Scripted, tmp_path: Path) -> AsyncIterator[RunnerBench]:
    children = ChildPool(limit=1)
    work = GenerationWork(
        {"scripted": Offer(provider, "upstream-1", price=lambda _output: 0.25)},
        OutputShelf(bench.store, children, bench.clock),
        InputShelf(bench.store),
        bench.jobs.admission,
    )
    async with open_runner(bench, tmp_path, work) as opened:
        yield opened
    await children.close()


async def submit(bench: Bench, **changes: Any) -> str:
    request = REQUEST | changes
    accepted = await bench.service.submit(Submission("alice", "image", request, request))
    await bench.settle()
    return accepted.job_id


async def view_of(bench: Bench, job_id: str) -> JobView:
    return await bench.service.get("alice", job_id)


def result_of(view: JobView) -> GenerationResult:
    assert isinstance(view.result, GenerationResult)
    return view.result


async def again(bench: Bench, at_work: RunnerBench) -> str | None:
    """Let the pause before a retry pass, and run."""
    bench.clock.advance(120)
    return await at_work.run()


def noting(id: str) -> Any:
    async def note(errand: Errand) -> None:
        await errand.note(id)

    return note


async def forgetting(errand: Errand) -> None:
    await errand.forget()


async def test_outputs_are_stored_and_priced(at_work: RunnerBench, bench: Bench, provider: Scripted) -> None:
    job_id = await submit(bench, n=2)

    assert await at_work.run() == "succeeded"

    view = await view_of(bench, job_id)
    assert [item.seed for item in result_of(view).media] == [5, 6]
    assert (view.cost, view.tried, result_of(view).failures) == (0.5, [], [])
    assert provider.calls[0][0].upstream_model == "upstream-1"


async def test_what_the_provider_says_that_it_cost_goes_before_the_price(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.cost = 0.04
    job_id = await submit(bench, n=2)

    await at_work.run()

    assert (await view_of(bench, job_id)).cost == pytest.approx(0.08)


async def test_what_all_of_it_cost_stands_in_the_place_of_the_prices(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    async def bill(errand: Errand) -> None:
        errand.cost(0.11)

    provider.scenes = [[0, 1, bill]]
    job_id = await submit(bench, n=2)

    await at_work.run()

    assert (await view_of(bench, job_id)).cost == pytest.approx(0.11)


async def test_an_output_that_is_blocked_says_why_beside_the_others(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.scenes = [[0, BLOCKED, 2]]
    job_id = await submit(bench, n=3)

    assert await at_work.run() == "succeeded"

    result = result_of(await view_of(bench, job_id))
    assert [item.seed for item in result.media] == [5, 7]
    assert [(each.index, each.code, each.message) for each in result.failures] == [(1, BLOCKED.code, BLOCKED.message)]


async def test_a_job_without_any_output_fails_with_what_befell_the_first(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.scenes = [[Missing(0, "content_policy", "No."), Missing(1, "no_output", "None.")]]
    job_id = await submit(bench, n=2)

    assert await at_work.run() == "failed"

    view = await view_of(bench, job_id)
    assert view.error is not None
    assert (view.error.code, view.result) == ("content_policy", None)


async def test_another_attempt_makes_what_is_missing_alone(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.scenes = [[0, failure("provider_unavailable")]]
    job_id = await submit(bench, n=3)

    await at_work.run()
    assert await again(bench, at_work) == "succeeded"

    view = await view_of(bench, job_id)
    assert [(call.n, call.seed) for call, _ in provider.calls] == [(3, 5), (2, 6)]
    assert [item.seed for item in result_of(view).media] == [5, 6, 7]
    assert [(each.model, each.code) for each in view.tried] == [("scripted", "provider_unavailable")]
    assert view.cost == 0.75


async def test_outputs_that_died_with_their_store_are_made_again(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.scenes = [[0, failure("provider_unavailable")]]
    await submit(bench, n=2)
    await at_work.run()
    for path in await paths_in(bench.store):
        await bench.store.delete(path)

    assert await again(bench, at_work) == "succeeded"

    assert [call.n for call, _ in provider.calls] == [2, 2]


async def test_what_is_under_way_is_picked_up_and_not_submitted_again(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.scenes = [[noting("job-7"), 0, failure("timeout")], [0, 1]]
    job_id = await submit(bench, n=2)

    await at_work.run()
    assert await again(bench, at_work) == "succeeded"

    assert [(call.n, errand) for call, errand in provider.calls] == [(2, None), (2, "job-7")]
    assert len(result_of(await view_of(bench, job_id)).media) == 2


async def test_what_was_noted_outlives_a_worker_that_is_killed(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    stands_still = asyncio.Event()

    async def die(_errand: Errand) -> None:
        stands_still.set()
        await asyncio.Event().wait()

    provider.scenes = [[noting("job-7"), 0, die]]
    await submit(bench, n=2)
    killed = at_work.start()
    await stands_still.wait()

    await bench.lapse()
    assert await at_work.run() == "succeeded"

    # What it had stored is not made again, though its provider yields it again.
    assert [errand for _, errand in provider.calls] == [None, "job-7"]
    at_work.cancellation.stop_all("lost")
    killed.cancel()
    await asyncio.wait([killed])


async def test_what_failed_for_good_is_not_picked_up(at_work: RunnerBench, bench: Bench, provider: Scripted) -> None:
    provider.scenes = [[noting("job-7"), forgetting, failure("timeout")]]
    await submit(bench)

    await at_work.run()
    await again(bench, at_work)

    assert [errand for _, errand in provider.calls] == [None, None]


async def test_the_last_attempt_keeps_what_came(at_work: RunnerBench, bench: Bench, provider: Scripted) -> None:
    provider.scenes = [[0, failure("timeout")], [failure("timeout")], [failure("timeout")]]
    job_id = await submit(bench, n=2)

    endings = [await at_work.run(), await again(bench, at_work), await again(bench, at_work)]

    result = result_of(await view_of(bench, job_id))
    assert endings == ["failed", "failed", "succeeded"]
    assert [item.seed for item in result.media] == [5]
    assert [(each.index, each.code) for each in result.failures] == [(1, "timeout")]
    assert len(await paths_in(bench.store)) == 2  # the picture and its thumbnail


async def test_a_job_that_ends_is_counted_once_for_its_owner(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    provider.scenes = [[0, 1], [0, failure("timeout")], [failure("content_policy")]]
    for n in (2, 2):
        await submit(bench, n=n)
    await at_work.run()
    await at_work.run()
    await again(bench, at_work)

    today = bench.clock.now.date()
    usage = await bench.jobs.usage.between("alice", today, today)

    assert [(each.model, each.jobs, each.outputs, each.cost) for each in usage.items] == [("scripted", 2, 3, 0.75)]
    assert usage.cost == 0.75
    assert (await bench.jobs.usage.between("bob", today, today)).items == []


async def test_inputs_are_given_to_the_provider_as_files(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    given = make_media("media/alice/photo.png")
    await bench.insert_media(given)
    await put(bench.store, given.path)
    job_id = await submit(bench, inputs=[given.path])

    async def look(_errand: Errand) -> None:
        [(request, _)] = provider.calls
        read.extend((each.path, each.content_type, each.file.read_bytes()) for each in request.inputs)

    read: list[tuple[str, str, bytes]] = []
    provider.scenes = [[look, 0]]
    await at_work.run()

    assert (await view_of(bench, job_id)).status == "succeeded"
    assert read == [(given.path, "image/png", b"hello")]


async def test_an_input_that_was_deleted_meanwhile_fails_the_job(
    at_work: RunnerBench, bench: Bench, provider: Scripted
) -> None:
    given = make_media("media/alice/photo.png")
    await bench.insert_media(given)
    job_id = await submit(bench, inputs=[given.path])
    await at_work.run()

    error = (await view_of(bench, job_id)).error
    assert error is not None
    assert (error.code, error.retryable, provider.calls) == ("invalid_input", False, [])
