"""Crashes and stops of the whole process: what was begun is brought to one end, and nothing dead stays behind."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.client import SMALL, Client
from tests.acceptance.process import process, served

# Several processes are started one after the other, on machines that have other things to do.
pytestmark = pytest.mark.timeout(180)

JOBS = 10
LARGE = {"width": 768, "height": 768, "n": 2}
DEADLINE_SECONDS = 40.0


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that live."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def lives(pid: int) -> bool:
    """Whether a process is there and is no zombie that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def eventually(is_so: Callable[[], bool]) -> None:
    """Look again and again: a foreign process gives no signal."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def killed_at_work(directory: Path) -> tuple[str, list[str], list[int]]:
    """A user's jobs in a service that is killed while it works on them, and the processes that it had started."""
    async with served(directory) as (victim, service):
        alice = service.client("alice")
        async with alice.stream() as stream:
            await stream.until("snapshot")
            jobs = [await alice.generate(**(SMALL | {"seed": seed})) for seed in range(JOBS - 2)]
            jobs += [await alice.generate(**(SMALL | LARGE | {"seed": seed})) for seed in range(2)]
            await stream.until("generation_complete")
            await stream.until("generation_progress")
        children = children_of(victim.pid)
        victim.kill(signal.SIGKILL)
        await asyncio.to_thread(victim.wait)
    return alice.user, jobs, children


async def test_after_a_kill_every_job_comes_to_one_end_and_no_link_is_dead(tmp_path: Path) -> None:
    user, jobs, children = await killed_at_work(tmp_path)
    await eventually(lambda: not any(map(lives, children)))
    assert children

    async with served(tmp_path) as (_, service):
        alice = service.client(user)
        endings = {job_id: await alice.ending_of(job_id) for job_id in jobs}
        states = {job_id: await alice.job(job_id) for job_id in jobs}
        library = await alice.media()
        again = {job_id: await terminal_events(alice, job_id) for job_id in jobs}

        assert {ending.name for ending in endings.values()} == {"generation_complete"}
        assert {state["status"] for state in states.values()} == {"succeeded"}
        assert all(len(events) == 1 for events in again.values())
        shown = [item for state in states.values() for item in state["result"]["media"]]
        told = [item for ending in endings.values() for item in ending.data["result"]["media"]]
        assert sorted(item["url"] for item in shown) == sorted(item["url"] for item in library)
        for item in [*library, *shown, *told]:
            signed = (await alice.get(item["url"])).headers["Location"]
            assert (await alice.get(signed)).status == 200


async def terminal_events(client: Client, job_id: str) -> list[str]:
    async with client.stream(f"/jobs/{job_id}/events") as stream:
        return [event.name for event in await stream.rest() if event.name != "generation_progress"][-1:]


async def test_a_second_process_on_the_same_directory_is_refused_while_the_first_one_serves(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, service):
        with process(tmp_path) as second:
            status = await asyncio.to_thread(second.wait)

        assert status == 2
        assert "".join(second.lines).startswith("DATA_DIR: ")
        assert (await service.client().get("/jobs")).status == 200


async def test_a_stop_gives_the_work_back_and_the_next_process_goes_on_with_it(tmp_path: Path) -> None:
    async with served(tmp_path, drain_seconds=0.2) as (first, service):
        alice = service.client("alice")
        job_id = await alice.at_work(n=1, width=1024, height=1024)
        begun = time.monotonic()
        async with alice.stream() as stream:
            await stream.until("snapshot")

            first.kill(signal.SIGTERM)
            first.kill(signal.SIGTERM)
            await stream.rest()
        status = await asyncio.to_thread(first.wait)
        assert status == 0, first.lines[-5:]
        assert time.monotonic() - begun < DEADLINE_SECONDS
        assert "stopped" in [line.get("event") for line in first.log]

    async with served(tmp_path) as (_, service):
        alice = service.client("alice")
        ending = await alice.ending_of(job_id)
        assert ending.name == "generation_complete"
        assert (await alice.job(job_id))["attempts"] == 1


async def test_an_interrupt_lets_short_work_finish(tmp_path: Path) -> None:
    async with served(tmp_path, drain_seconds=20) as (first, service):
        alice = service.client("alice")
        job_id = await alice.at_work(n=1, width=768, height=768)
        first.kill(signal.SIGINT)
        assert await asyncio.to_thread(first.wait) == 0

    endings = [line["ending"] for line in first.log if line.get("job_id") == job_id and line["event"] == "run_ended"]
    assert endings == ["succeeded"]


async def test_a_second_interrupt_ends_the_process_at_once(tmp_path: Path) -> None:
    async with served(tmp_path, drain_seconds=600) as (started, service):
        alice = service.client()
        await alice.at_work()
        children = children_of(started.pid)

        started.kill(signal.SIGINT)
        await asyncio.to_thread(started.wait_for, "draining")
        started.kill(signal.SIGINT)
        status = await asyncio.to_thread(started.wait)

    assert status == 128 + signal.SIGINT
    await eventually(lambda: not any(map(lives, children)))
