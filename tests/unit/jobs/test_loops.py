"""Which event loop a process gets."""

import asyncio

import uvloop

from jobs import loops


async def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_a_process_runs_on_uvloop_where_it_is_installed() -> None:
    assert isinstance(loops.run(_loop()), uvloop.Loop)


def test_what_the_work_comes_to_is_returned() -> None:
    async def answer() -> int:
        return 42

    assert loops.run(answer()) == 42
