"""A fleet as an operator runs it: `python -m app` and `python -m actors`, several processes each, on real servers."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.acceptance.client import BIG, Client, token_of
from tests.acceptance.process import Process
from tests.acceptance.service import new_session
from tests.acceptance.uploading import uploaded
from tests.faults.fleet import running_fleet
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.redis import RedisServer

LEASE_SECONDS = 4


@asynccontextmanager
async def operated(
    directory: Path, postgres: PostgresServer, redis: RedisServer
) -> AsyncIterator[tuple[Client, Process, Process, str]]:
    """A client of two web processes on one port, their supervisor, the workers' supervisor, and where that is."""
    port, health = free_port(), free_port()
    settings: dict[str, Any] = {"public_url": f"http://127.0.0.1:{port}", "lease_seconds": LEASE_SECONDS}
    async with running_fleet(directory, postgres, redis, webs=0, workers=0, **settings) as fleet:
        web = Process(directory / "data", settings={"port": port, "web_processes": 2} | fleet.settings)
        fleet.ended.append(web)
        await asyncio.to_thread(web.wait_for, "serving")
        settings = {"worker_port": health, "worker_processes": 2} | fleet.settings
        workers = Process(directory / "data", module="actors", settings=settings)
        fleet.ended.append(workers)
        await asyncio.to_thread(workers.wait_for, "fleet_working")
        async with new_session() as session:
            client = Client(session, f"http://127.0.0.1:{port}", "alice", token_of("alice"))
            yield client, web, workers, f"http://127.0.0.1:{health}"
            for supervisor in (web, workers):
                supervisor.kill(signal.SIGTERM)
                assert await asyncio.to_thread(supervisor.wait) == 0, supervisor.lines[-20:]


def children_of(process: Process) -> list[int]:
    """The processes that a supervisor keeps."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


async def look(url: str) -> Any:
    def read() -> Any:
        with urlopen(url, timeout=10) as answer:
            return answer.read().decode()

    return await asyncio.to_thread(read)


async def running(client: Client) -> str:
    """A big job of which a worker has told progress."""
    return await client.at_work(**BIG)


async def test_a_fleet_serves_works_and_replaces_who_died(
    tmp_path: Path, postgres: PostgresServer, fault_redis: RedisServer
) -> None:
    async with operated(tmp_path, postgres, fault_redis) as (client, web, workers, health):
        assert len(children_of(web)) == len(children_of(workers)) == 2
        assert (await client.picture())["kind"] == "image"
        assert (await uploaded(client))["source"] == "upload"
        ready = json.loads(await look(f"{health}/readyz"))
        assert (ready["status"], len(ready["processes"])) == ("ready", 2)
        metrics = await look(f"{health}/metrics")
        assert 'media_runs_total{ending="succeeded",kind="image"} 1.0' in metrics
        assert "media_build_info{" in metrics
        assert 'media_jobs_submitted_total{kind="image"} 1.0' in (await client.get("/metrics")).body.decode()

        job_id = await running(client)
        before = children_of(workers)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        async with client.stream("/events") as stream:
            async with asyncio.timeout(3 * LEASE_SECONDS):
                async for event in stream:
                    again = event.name == "generation_progress" and event.data["jobId"] == job_id
                    if again and event.data["attempt"] == 2:
                        break
        job = await client.job(job_id)
        await client.post(f"/jobs/{job_id}/cancel")

        assert job["attempts"] == 2
        assert set(children_of(workers)).isdisjoint(before)
        assert len(children_of(workers)) == 2


async def test_a_stream_goes_on_in_another_web_process_and_a_deploy_counts_no_attempt(
    tmp_path: Path, postgres: PostgresServer, fault_redis: RedisServer
) -> None:
    async with (
        running_fleet(tmp_path, postgres, fault_redis, workers=1, drain_seconds=0) as fleet,
        new_session() as session,
    ):
        here, there = (Client(session, base, "alice", token_of("alice")) for base in fleet.bases)
        async with here.stream() as stream:
            await stream.until("snapshot")
            job_id = await here.generate()
            first = await stream.until("generation_started")
            last = stream.last_event_id

        [worker] = fleet.workers
        await fleet.restart_worker(worker)
        async with there.stream(last_event_id=last) as stream:
            rest = await stream.until("generation_complete")
        job = await there.job(job_id)

        assert [event.name for event in first].count("generation_started") == 1
        assert "generation_started" not in [event.name for event in rest]
        assert len({event.id for event in (*first, *rest)}) == len(first) + len(rest)
        assert (job["status"], job["attempts"]) == ("succeeded", 1)
