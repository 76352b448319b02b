"""Limits of child processes: whose process a limited task has, and what happens to whoever goes over them."""

import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.children import SHARED_TASKS, ChildDied, ChildFailed, ChildPool, ChildTimedOut, Limits
from tests.integration.actors.child_tasks import collect, exists


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = ChildPool(limit=2)
    yield pool
    await pool.close()


@pytest.mark.parametrize(
    ("limits", "arguments", "failure"),
    [
        (Limits(memory_bytes=300 << 20), {"memory": 400 << 20}, "MemoryError"),
        (Limits(open_files=20), {"files": 30}, "Too many open files"),
        (Limits(file_bytes=1000), {"bytes": 3000}, "File too large"),
    ],
)
async def test_a_limited_child_gets_no_more_than_its_limit(
    pool: ChildPool, tmp_path: Path, limits: Limits, arguments: dict[str, Any], failure: str
) -> None:
    if "bytes" in arguments:
        arguments = arguments | {"file": str(tmp_path / "file")}

    with pytest.raises(ChildFailed, match=failure):
        await collect(pool, "hoard", arguments, limits)


async def test_processor_time_over_the_limit_is_child_died(pool: ChildPool) -> None:
    with pytest.raises(ChildDied) as caught:
        await collect(pool, "work_for_ever", limits=Limits(cpu_seconds=1))

    assert caught.value.returncode == -signal.SIGKILL


async def test_wall_time_over_the_limit_is_child_timed_out(pool: ChildPool) -> None:
    with pytest.raises(ChildTimedOut):
        await collect(pool, "work_for_ever", limits=Limits(wall_seconds=0.05))


async def test_a_limited_task_has_a_process_of_its_own_which_is_gone_when_it_ends(pool: ChildPool) -> None:
    [usual] = await collect(pool, "introduce")
    [limited] = await collect(pool, "introduce", limits=Limits(memory_bytes=1 << 30))
    gone = not exists(limited["pid"])
    [other] = await collect(pool, "introduce", limits=Limits(memory_bytes=2 << 30))
    [again] = await collect(pool, "introduce")

    assert gone
    assert [limited["memory_limit"], other["memory_limit"]] == [1 << 30, 2 << 30]
    assert usual["pid"] == again["pid"] != limited["pid"] != other["pid"]
    # What was imported for the one is there for the other.
    assert usual["parent"] == os.getpid()
    assert limited["parent"] == other["parent"] not in {usual["parent"], usual["pid"]}
    assert len(pool._alive) == 2


async def test_limited_tasks_that_are_not_apart_share_a_process_each_with_its_own_limits(pool: ChildPool) -> None:
    [first] = await collect(pool, "introduce", limits=Limits(memory_bytes=1 << 30, is_apart=False))
    [second] = await collect(pool, "introduce", limits=Limits(memory_bytes=2 << 30, is_apart=False))
    [usual] = await collect(pool, "introduce")

    assert first["pid"] == second["pid"] == usual["pid"]
    assert [first["memory_limit"], second["memory_limit"]] == [1 << 30, 2 << 30]
    assert usual["memory_limit"] == resource.RLIM_INFINITY


async def test_a_task_that_is_not_apart_ends_its_process_when_it_is_over_its_limit(pool: ChildPool) -> None:
    shared = Limits(cpu_seconds=1, is_apart=False)
    [before] = await collect(pool, "introduce", limits=shared)

    with pytest.raises(ChildDied) as caught:
        await collect(pool, "work_for_ever", limits=shared)

    assert caught.value.returncode == -signal.SIGXCPU
    [after] = await collect(pool, "introduce", limits=shared)
    assert after["pid"] != before["pid"]


async def test_a_process_that_limited_tasks_share_is_replaced_after_some(pool: ChildPool) -> None:
    shared = Limits(wall_seconds=60, is_apart=False)
    [first] = await collect(pool, "introduce", limits=shared)
    (child,) = pool._alive
    child.limited_tasks = SHARED_TASKS - 2

    [last] = await collect(pool, "introduce", limits=shared)
    [again] = await collect(pool, "introduce", limits=shared)
    [fresh] = await collect(pool, "introduce", limits=shared)

    assert first["pid"] == last["pid"] == again["pid"] != fresh["pid"]
