"""The child pool: messages as they come, children that end when they must, and no trace of them afterwards."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from actors.children import (
    ChildDied,
    ChildError,
    ChildFailed,
    ChildNotStarted,
    ChildPool,
    Limits,
    PoolClosed,
)
from tests.integration.actors.child_tasks import ERRANDS, collect, exists

ROOT = Path(__file__).parents[3]
APART = Limits(open_files=100)
"""With limits a task runs in a fork of its own."""
either = pytest.mark.parametrize("limits", [None, APART], ids=["here", "apart"])


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = ChildPool(limit=2)
    yield pool
    await pool.close()


async def first(pool: ChildPool, errand: str, limits: Limits | None = None) -> dict[str, Any]:
    """The first message of an errand that is left right after it."""
    async with pool.run(ERRANDS + errand, {}, limits=limits) as messages:
        return await anext(messages)


def await_end(pid: int) -> None:
    """Wait until the process does nothing more; a fork whose child was killed with it is reaped by somebody else."""
    with suppress(FileNotFoundError, ProcessLookupError):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            os.sched_yield()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@either
async def test_messages_arrive_in_order_and_end(pool: ChildPool, limits: Limits | None) -> None:
    messages = await collect(pool, "count", {"to": 500}, limits)

    assert messages == [{"n": n} for n in range(500)]


async def test_messages_arrive_while_the_function_still_works(pool: ChildPool) -> None:
    message = await first(pool, "work_for_ever")

    assert message["pid"] > 0


async def test_a_finished_child_is_used_again(pool: ChildPool) -> None:
    [before] = await collect(pool, "introduce")
    [after] = await collect(pool, "introduce")

    assert after["pid"] == before["pid"]


async def test_idle_children_are_closed_and_reaped(pool: ChildPool) -> None:
    [message] = await collect(pool, "introduce")

    await pool.close_idle()

    assert not exists(message["pid"])


async def test_an_idle_child_is_closed_when_its_time_is_over() -> None:
    pool = ChildPool(limit=1, idle_seconds=0)
    [before] = await collect(pool, "introduce")
    [after] = await collect(pool, "introduce")
    await pool.close()

    assert not exists(before["pid"])
    assert not exists(after["pid"])


async def test_a_child_that_dies_while_idle_is_replaced(pool: ChildPool) -> None:
    [before] = await collect(pool, "introduce")
    [child] = pool._idle
    os.kill(before["pid"], signal.SIGKILL)
    await child.gone

    [after] = await collect(pool, "introduce")

    assert after["pid"] != before["pid"]


@pytest.mark.parametrize("errand", ["work_for_ever", "flood"])
async def test_leaving_early_kills_the_child_at_once(pool: ChildPool, errand: str) -> None:
    message = await first(pool, errand)

    assert not exists(message["pid"])


@pytest.mark.parametrize("errand", ["work_for_ever", "flood"])
async def test_leaving_early_kills_the_fork_too(pool: ChildPool, errand: str) -> None:
    message = await first(pool, errand, APART)

    await_end(message["pid"])
    assert not pool._alive


async def test_cancelling_kills_the_child_and_frees_its_place() -> None:
    pool = ChildPool(limit=1)
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        async with pool.run(ERRANDS + "work_for_ever", {}) as messages:
            async for message in messages:
                started.set_result(message["pid"])

    task = asyncio.create_task(work())
    pid = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not exists(pid)
    assert await collect(pool, "count", {"to": 1}) == [{"n": 0}]
    await pool.close()


async def test_cancelling_while_the_child_starts_leaves_no_process() -> None:
    pool = ChildPool(limit=1)
    task = asyncio.create_task(collect(pool, "work_for_ever"))
    while not pool._starting:
        await asyncio.wait([task], timeout=0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await pool.close()

    assert not pool._starting
    assert not pool._alive


async def test_no_more_than_the_limit_work_at_once_and_waiting_can_be_cancelled() -> None:
    pool = ChildPool(limit=1)
    async with pool.run(ERRANDS + "work_for_ever", {}) as messages:
        await anext(messages)
        waiting = asyncio.create_task(collect(pool, "count", {"to": 1}))
        await asyncio.wait([waiting], timeout=0)

        assert len(pool._alive) == 1
        assert not pool._starting

        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await pool.close()


async def test_one_that_waits_for_a_place_gets_it() -> None:
    pool = ChildPool(limit=1)
    async with pool.run(ERRANDS + "work_for_ever", {}) as messages:
        await anext(messages)
        waiting = asyncio.create_task(collect(pool, "count", {"to": 1}))
        await asyncio.wait([waiting], timeout=0)

    assert await waiting == [{"n": 0}]
    await pool.close()


@either
@pytest.mark.parametrize("returncode", [0, 3])
async def test_a_child_that_ends_by_itself_is_child_died_with_its_return_code(
    pool: ChildPool, limits: Limits | None, returncode: int
) -> None:
    with pytest.raises(ChildDied) as caught:
        await collect(pool, "die", {"returncode": returncode}, limits)

    assert caught.value.returncode == returncode


@either
async def test_a_child_killed_from_outside_is_child_died_with_the_signal(
    pool: ChildPool, limits: Limits | None
) -> None:
    async with pool.run(ERRANDS + "work_for_ever", {}, limits=limits) as messages:
        os.kill((await anext(messages))["pid"], signal.SIGKILL)
        with pytest.raises(ChildDied) as caught:
            await anext(messages)

    assert caught.value.returncode == -signal.SIGKILL


@either
async def test_an_exception_is_child_failed_with_type_and_message(pool: ChildPool, limits: Limits | None) -> None:
    with pytest.raises(ChildFailed) as caught:
        await collect(pool, "fail", {"text": "no such thing"}, limits)

    assert (caught.value.type_name, caught.value.message) == ("LookupError", "no such thing")
    assert "errands.py" in caught.value.traceback


@either
@pytest.mark.parametrize("function", ["tests.no_such_module:f", "tests.integration.actors.errands:no_such_function"])
async def test_a_function_that_is_not_there_is_child_failed(
    pool: ChildPool, function: str, limits: Limits | None
) -> None:
    with pytest.raises(ChildFailed):
        async with pool.run(function, {}, limits=limits) as messages:
            await anext(messages)


async def test_a_child_that_failed_is_not_used_again(pool: ChildPool) -> None:
    with pytest.raises(ChildFailed):
        await collect(pool, "fail", {"text": ""})

    assert not pool._alive


@pytest.mark.parametrize("value", [3, [1], "text", None])
async def test_what_is_no_object_is_child_failed(pool: ChildPool, value: object) -> None:
    with pytest.raises(ChildFailed, match="ProtocolError"):
        await collect(pool, "confuse", {"value": value})


async def test_a_message_beyond_bounds_is_child_failed(pool: ChildPool) -> None:
    with pytest.raises(ChildFailed, match="too long"):
        await collect(pool, "ramble", {"length": 2 << 20})


async def test_noise_on_stdout_and_reading_stdin_disturb_nothing(
    pool: ChildPool, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await collect(pool, "chatter", {"text": "hello"}) == [{"stdin": "", "argument": "hello"}]

    assert capfd.readouterr().err.count("forged") == 2


async def test_a_child_is_nice_has_one_numeric_thread_and_knows_no_secret(
    pool: ChildPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_SECRET", "hidden")

    [message] = await collect(pool, "introduce")

    assert message["niceness"] == 10
    assert message["environment"]["OPENBLAS_NUM_THREADS"] == "1"
    assert "AUTH_SECRET" not in message["environment"]


async def test_a_child_imports_what_its_parent_can_in_any_directory(
    pool: ChildPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    [message] = await collect(pool, "introduce")

    assert message["directory"] == str(tmp_path)
    assert str(tmp_path) not in message["path"]


async def test_closing_the_pool_ends_tasks_under_way_and_refuses_new_ones(pool: ChildPool) -> None:
    async with pool.run(ERRANDS + "work_for_ever", {}) as messages:
        pid = (await anext(messages))["pid"]
        await pool.close()
        assert not exists(pid)
        with pytest.raises(ChildDied):
            await anext(messages)

    with pytest.raises(PoolClosed):
        await collect(pool, "count", {"to": 1})


async def test_a_pool_says_whether_it_was_closed(pool: ChildPool) -> None:
    before = pool.closed

    await pool.close()

    assert (before, pool.closed) == (False, True)


async def test_no_pipe_stays_open_after_the_end() -> None:
    before = open_files()
    pool = ChildPool(limit=2)
    await collect(pool, "count", {"to": 3})
    await first(pool, "flood")
    await pool.close()

    assert open_files() <= before


async def test_a_fork_ends_with_a_child_that_is_killed(pool: ChildPool) -> None:
    [before] = await collect(pool, "introduce", limits=APART)
    async with pool.run(ERRANDS + "work_for_ever", {}, limits=APART) as messages:
        message = await anext(messages)
        os.kill(before["parent"], signal.SIGKILL)
        with pytest.raises(ChildDied):
            await anext(messages)

    await_end(message["pid"])


async def test_a_process_that_cannot_be_started_is_child_not_started(
    pool: ChildPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(ChildNotStarted):
        await collect(pool, "count", {"to": 1})


def _asyncio_run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(_as_coroutine(work))


def _uvloop_run(work: Callable[[], Awaitable[None]]) -> None:
    uvloop = pytest.importorskip("uvloop", reason="install media-pipeline[fast] for the tests under uvloop")
    uvloop.run(_as_coroutine(work))


async def _as_coroutine(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def exercise() -> None:
    """A bit of everything: finish, leave early, die."""
    pool = ChildPool(limit=2)
    assert await collect(pool, "count", {"to": 3}) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert not exists((await first(pool, "flood"))["pid"])
    with pytest.raises(ChildError):
        await collect(pool, "die", {"returncode": 4})
    await pool.close()


@pytest.mark.parametrize("run", [_asyncio_run, _uvloop_run])
def test_any_loop_will_do_in_the_main_thread(run: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
    run(exercise)


@pytest.mark.parametrize("run", [_asyncio_run, _uvloop_run])
def test_any_loop_will_do_in_another_thread(run: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            run(exercise)
        except BaseException as exc:  # noqa: BLE001  # a thread's failure must reach the test
            failures.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert failures == []


PARENT = """
import asyncio, sys
from actors.children import ChildPool, Limits

async def main():
    pool = ChildPool(limit=1)
    limits = Limits(open_files=100) if "apart" in sys.argv else None
    async with pool.run("tests.integration.actors.errands:" + sys.argv[1], {}, limits=limits) as messages:
        async for message in messages:
            print(message["pid"], flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("errand", ["work_for_ever", "flood"])
@pytest.mark.parametrize("where", ["here", "apart"])
async def test_a_child_in_mid_work_ends_with_a_parent_that_is_killed(where: str, errand: str) -> None:
    pipe = asyncio.subprocess.PIPE
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, errand, where, stdout=pipe, stderr=pipe, env=environment
    )
    assert parent.stdout
    assert parent.stderr
    child = int(await parent.stdout.readline())
    assert exists(child)

    parent.kill()
    await parent.wait()

    # Parent and child share this pipe: it ends when the last of them does.
    assert await parent.stderr.read() == b""
