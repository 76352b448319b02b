"""Gathering: what is asked for while a group is under way is the next group."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from jobs.gathering import Gathering

asking: ContextVar[str] = ContextVar("asking", default="nobody")


class Unavailable(Exception):
    """Says nothing of any single question."""


class Counter:
    """Answers each question with its square, and an odd one's negative with an error; keeps them until it may go on."""

    def __init__(self, most: int = 64, patience: float = 60.0) -> None:
        self.groups: list[list[int]] = []
        self.contexts: list[str] = []
        self.may_go_on = asyncio.Event()
        self._changed = asyncio.Condition()
        self.failures: list[Exception] = []
        self.gathering = Gathering[int, int](self._serve, common=(Unavailable,), most=most, patience=patience)

    async def ask_beside_one(self, *questions: int) -> list[int | BaseException]:
        """Ask all of these while a first one is being served, and let it go on; what became of them."""
        first = asyncio.create_task(self.gathering.ask(0))
        await self.is_serving(1)
        asked = [asyncio.create_task(self.gathering.ask(question)) for question in questions]
        await asyncio.sleep(0)
        self.may_go_on.set()
        assert await first == 0
        return await asyncio.gather(*asked, return_exceptions=True)

    async def is_serving(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.groups) >= count)

    async def _serve(self, questions: Sequence[int]) -> list[int | Exception]:
        async with self._changed:
            self.groups.append(list(questions))
            self._changed.notify_all()
        self.contexts.append(asking.get())
        await self.may_go_on.wait()
        if 13 in questions:
            raise ValueError("unlucky")
        if self.failures and len(self.groups) > 1:
            raise self.failures.pop()
        return [ArithmeticError(question) if question < 0 else question**2 for question in questions]


async def test_who_comes_alone_is_served_at_once() -> None:
    counter = Counter()
    counter.may_go_on.set()

    assert [await counter.gathering.ask(question) for question in (2, 3)] == [4, 9]
    assert counter.groups == [[2], [3]]


async def test_who_comes_meanwhile_is_served_together_in_order() -> None:
    counter = Counter()

    assert await counter.ask_beside_one(3, 1, 2) == [9, 1, 4]
    assert counter.groups == [[0], [3, 1, 2]]


async def test_a_group_has_no_more_than_so_many() -> None:
    counter = Counter(most=2)

    await counter.ask_beside_one(1, 2, 3, 4, 5)

    assert counter.groups == [[0], [1, 2], [3, 4], [5]]


async def test_an_error_that_is_an_answer_is_one_asker_s_own() -> None:
    counter = Counter()

    one, refused, other = await counter.ask_beside_one(1, -2, 3)

    assert (one, other) == (1, 9)
    assert isinstance(refused, ArithmeticError)
    assert counter.groups == [[0], [1, -2, 3]]


async def test_a_common_error_is_everybodys_answer() -> None:
    counter = Counter()
    counter.failures.append(Unavailable())

    answers = await counter.ask_beside_one(1, 2)

    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert counter.groups == [[0], [1, 2]]


async def test_who_waited_too_long_behind_what_failed_is_not_served() -> None:
    counter = Counter(most=1, patience=0.0)
    counter.failures.append(Unavailable())

    answers = await counter.ask_beside_one(1, 2, 3)

    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert counter.groups == [[0], [1]]
    assert await counter.gathering.ask(4) == 16


async def test_who_has_patience_left_is_served_behind_what_failed() -> None:
    counter = Counter(most=1)
    counter.failures.append(Unavailable())

    failed, *others = await counter.ask_beside_one(1, 2, 3)

    assert isinstance(failed, Unavailable)
    assert others == [4, 9]


async def test_with_another_error_each_is_served_alone() -> None:
    counter = Counter()

    one, unlucky, other = await counter.ask_beside_one(1, 13, 3)

    assert (one, other) == (1, 9)
    assert isinstance(unlucky, ValueError)
    assert counter.groups == [[0], [1, 13, 3], [1], [13], [3]]


async def test_who_went_away_is_not_served_and_holds_nobody_up() -> None:
    counter = Counter()
    first = asyncio.create_task(counter.gathering.ask(0))
    await counter.is_serving(1)
    gone, stays = (asyncio.create_task(counter.gathering.ask(question)) for question in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    # One that is being served goes on all the same.
    first.cancel()
    await asyncio.wait([gone, first])

    counter.may_go_on.set()

    assert await stays == 4
    assert counter.groups == [[0], [2]]


async def test_a_group_of_which_all_went_away_leaves_the_next_one_served() -> None:
    counter = Counter()
    first = asyncio.create_task(counter.gathering.ask(0))
    await counter.is_serving(1)
    gone = asyncio.create_task(counter.gathering.ask(1))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    counter.may_go_on.set()
    await first

    assert await counter.gathering.ask(5) == 25
    assert counter.groups == [[0], [5]]


async def test_a_group_is_served_in_nobody_s_context() -> None:
    counter = Counter()
    counter.may_go_on.set()
    asking.set("alice")

    await counter.gathering.ask(1)

    assert counter.contexts == ["nobody"]


async def test_askers_whose_group_is_stopped_are_stopped() -> None:
    counter = Counter()
    asked = asyncio.create_task(counter.gathering.ask(1))
    await counter.is_serving(1)
    serving = counter.gathering._serving
    assert serving is not None

    serving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asked
