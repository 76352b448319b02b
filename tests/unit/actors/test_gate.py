"""The gate: many side by side, or one alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors.gate import Gate


class Guest:
    """Somebody who wants in, stays until told to leave, and shows where they are."""

    def __init__(self, gate: Gate, *, alone: bool = False) -> None:
        self._gate = gate
        self._alone = alone
        self._may_leave = asyncio.Event()
        self.is_inside = asyncio.Event()
        self.task = asyncio.create_task(self._visit())

    async def leave(self) -> None:
        self._may_leave.set()
        await self.task

    async def _visit(self) -> None:
        async with self._gate.admit(alone=self._alone):
            self.is_inside.set()
            await self._may_leave.wait()


@asynccontextmanager
async def guests(*guests: Guest) -> AsyncIterator[None]:
    yield
    for guest in guests:
        guest.task.cancel()
    await asyncio.gather(*(guest.task for guest in guests), return_exceptions=True)


async def rest() -> None:
    """Let everybody do what they can do without anybody else's help."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_many_are_inside_together() -> None:
    gate = Gate()
    one, two = Guest(gate), Guest(gate)
    async with guests(one, two):
        await one.is_inside.wait()
        await two.is_inside.wait()


async def test_one_who_wants_to_be_alone_waits_until_the_others_have_left() -> None:
    gate = Gate()
    one, two = Guest(gate), Guest(gate)
    await one.is_inside.wait()
    await two.is_inside.wait()
    hermit = Guest(gate, alone=True)
    async with guests(one, two, hermit):
        await one.leave()
        await rest()
        assert not hermit.is_inside.is_set()

        await two.leave()
        await hermit.is_inside.wait()


async def test_newcomers_wait_for_one_who_is_alone_or_wants_to_be() -> None:
    gate = Gate()
    first = Guest(gate)
    await first.is_inside.wait()
    hermit = Guest(gate, alone=True)
    await rest()
    newcomer = Guest(gate)
    async with guests(first, hermit, newcomer):
        await rest()
        assert not newcomer.is_inside.is_set()
        await first.leave()
        await hermit.is_inside.wait()
        await rest()
        assert not newcomer.is_inside.is_set()

        await hermit.leave()
        await newcomer.is_inside.wait()


async def test_hermits_are_inside_one_after_the_other() -> None:
    gate = Gate()
    one, two = Guest(gate, alone=True), Guest(gate, alone=True)
    async with guests(one, two):
        await one.is_inside.wait()
        await rest()
        assert not two.is_inside.is_set()

        await one.leave()
        await two.is_inside.wait()


async def test_a_hermit_who_gives_up_lets_the_newcomers_in() -> None:
    gate = Gate()
    first = Guest(gate)
    await first.is_inside.wait()
    hermit = Guest(gate, alone=True)
    await rest()
    newcomer = Guest(gate)
    async with guests(first, hermit, newcomer):
        await rest()

        hermit.task.cancel()

        await newcomer.is_inside.wait()


@pytest.mark.parametrize("alone", [False, True])
async def test_one_who_fails_inside_leaves(alone: bool) -> None:  # noqa: FBT001  # what the gate asks
    gate = Gate()

    with pytest.raises(LookupError):
        async with gate.admit(alone=alone):
            raise LookupError

    hermit = Guest(gate, alone=True)
    async with guests(hermit):
        await hermit.is_inside.wait()


async def test_one_who_is_cancelled_twice_while_leaving_has_left() -> None:
    gate = Gate()
    many = [Guest(gate) for _ in range(5)]
    for guest in many:
        await guest.is_inside.wait()
    waiting = [Guest(gate, alone=True) for _ in range(5)]
    await rest()

    for _ in range(2):
        for guest in many:
            guest.task.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*(guest.task for guest in many), return_exceptions=True)

    async with guests(*waiting):
        await waiting[0].is_inside.wait()
