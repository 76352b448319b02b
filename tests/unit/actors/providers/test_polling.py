"""A provider's own job is waited for through hiccups, ever more rarely, and called off when nobody goes on with it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.providers.base import ProviderError
from actors.providers.failures import failure
from actors.providers.polling import Pace, called_off, polled, submitted
from tests.contract.providers import NotedErrand

Ask = Callable[[], Awaitable[str | None]]


def answering(*answers: str | ProviderError | None) -> Ask:
    rest = list(answers)

    async def ask() -> str | None:
        answer = rest.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    return ask


def pace_of(pauses: list[float], patience: int = 2) -> Pace:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    return Pace(first_seconds=1, longest_seconds=4, growth=2, patience=patience, sleep=sleep)


async def test_it_is_asked_ever_more_rarely() -> None:
    pauses: list[float] = []

    assert await polled(answering(None, None, None, None, "done"), pace_of(pauses)) == "done"

    assert pauses == [1, 2, 4, 4]


async def test_a_hiccup_is_asked_again_after_the_time_it_asks_for() -> None:
    pauses: list[float] = []
    limited = failure("rate_limited", retry_after=30)

    assert await polled(answering(limited, failure("timeout"), None, limited, "done"), pace_of(pauses)) == "done"

    assert pauses == [30, 2, 4, 30]


@pytest.mark.parametrize(
    "answers", [[failure("provider_unavailable")] * 3, [failure("provider_error")], [failure("no_output")]]
)
async def test_it_ends_with_one_hiccup_too_many_and_with_what_is_none(answers: list[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        await polled(answering(*answers), pace_of([]))

    assert caught.value.code == answers[0].code


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_job_is_called_off_unless_somebody_goes_on_with_it(*, goes_on: bool) -> None:
    calls: list[str] = []

    async def call_off() -> None:
        calls.append("off")
        raise failure("provider_unavailable")

    async def work() -> None:
        async with called_off(NotedErrand(goes_on=goes_on), call_off):
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert calls == ([] if goes_on else ["off"])


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_stop_before_the_answer_waits_for_it_and_leaves_nothing_unseen(*, goes_on: bool) -> None:
    off: list[str] = []
    asked, answered = asyncio.Event(), asyncio.Event()
    errand = NotedErrand(goes_on=goes_on)

    async def submit() -> str:
        asked.set()
        await answered.wait()
        return "job-1"

    async def call_off(id: str) -> None:
        off.append(id)

    task = asyncio.create_task(submitted(errand, submit, call_off))
    await asked.wait()
    task.cancel()
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (errand.id, off) == (("job-1", []) if goes_on else (None, ["job-1"]))
