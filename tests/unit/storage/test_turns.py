"""Tests of turns: the latest comer sends, and whoever sent before is ended at once."""

import asyncio
from contextlib import suppress

import pytest

from storage.store import StorageUnavailable
from storage.turns import TakenOver, Turn, Turns


async def hold(turns: Turns, began: asyncio.Event) -> None:
    async with turns.taken():
        began.set()
        await asyncio.Event().wait()


async def begun(turns: Turns) -> asyncio.Task[None]:
    """A task that holds the turn until it is ended."""
    began = asyncio.Event()
    task = asyncio.create_task(hold(turns, began))
    await began.wait()
    return task


async def test_a_later_comer_ends_the_one_before() -> None:
    turns = Turns()
    first = await begun(turns)

    async with turns.taken() as turn:
        with pytest.raises(TakenOver):
            await first
        turn.check()
        assert turns.is_free_for(turn)


async def test_of_many_the_last_stays() -> None:
    turns = Turns()
    tasks = [await begun(turns) for _ in range(5)]

    results = await asyncio.gather(*tasks[:-1], return_exceptions=True)

    assert [type(result) for result in results] == [TakenOver] * 4
    assert not tasks[-1].done()
    turns.end(StorageUnavailable())
    with pytest.raises(StorageUnavailable):
        await tasks[-1]


async def test_one_that_does_not_wait_finds_out_by_checking() -> None:
    turns = Turns()
    seen: list[Turn] = []

    with suppress(TakenOver):
        async with turns.taken() as turn:
            seen.append(turn)
            turns.end(TakenOver("over"))
            turn.check()

    with pytest.raises(TakenOver):
        seen[0].check()


async def test_a_turn_that_is_over_is_not_ended_again() -> None:
    turns = Turns()
    async with turns.taken() as turn:
        pass

    turns.end(TakenOver("too late"))

    turn.check()


async def test_a_cancellation_from_outside_stays_one() -> None:
    turns = Turns()
    task = await begun(turns)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_of_the_block_itself_passes_through() -> None:
    with pytest.raises(TimeoutError):
        async with Turns().taken():
            raise TimeoutError


async def test_the_task_goes_on_after_its_turn_was_taken() -> None:
    turns = Turns()

    async def outlive() -> str:
        with suppress(TakenOver):
            await hold(turns, began)
        await asyncio.sleep(0)
        return "alive"

    began = asyncio.Event()
    task = asyncio.create_task(outlive())
    await began.wait()
    turns.end(TakenOver("over"))

    assert await task == "alive"
