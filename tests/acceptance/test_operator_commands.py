"""`python -m app jobs` and `media`: an operator's look at everybody's work, and a hand in it, beside the service."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from jobs.engines import sqlite_engine
from jobs.ids import new_id
from tests.acceptance.client import SMALL
from tests.acceptance.service import in_process

PROMPT = str(SMALL["prompt"])


async def run(directory: Path, *arguments: str) -> int:
    return await asyncio.to_thread(main, arguments, {"DATA_DIR": str(directory)})


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


async def test_a_job_is_cancelled_and_done_again_beside_a_running_service_and_its_owner_hears_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with in_process(tmp_path, sweep_seconds=0.2, lease_seconds=3) as service:
        alice = service.client("alice")
        first = await alice.at_work()
        capsys.readouterr()

        assert await run(tmp_path, "jobs", "cancel", first, "--json") == 0
        (cancelled,) = lines_of(capsys)
        end = await alice.ending_of(first)
        assert await run(tmp_path, "jobs", "requeue", first, "--json") == 0
        (again,) = lines_of(capsys)
        async with alice.stream(f"/jobs/{again['jobId']}/events") as stream:
            events = await stream.until("generation_started")
        assert await run(tmp_path, "jobs", "cancel", again["jobId"]) == 0

    assert (cancelled["status"], end.data["code"]) == ("cancelling", "cancelled")
    assert again["repeats"] == first
    assert [event.name for event in events] == ["generation_queued", "generation_started"]


async def test_lists_tell_of_everybody_and_show_neither_prompts_nor_urls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with in_process(tmp_path) as service:
        pictures = {name: await service.client(name).picture() for name in ("alice", "bob")}
        capsys.readouterr()

        for arguments in (("jobs", "list"), ("jobs", "list", "--json"), ("media", "list"), ("media", "list", "--json")):
            assert await run(tmp_path, *arguments) == 0
            shown = capsys.readouterr().out
            assert all(name in shown for name in pictures)
            assert PROMPT not in shown
            assert pictures["bob"]["url"].rpartition("/")[2] not in shown
        assert await run(tmp_path, "jobs", "show", pictures["bob"]["jobId"]) == 0
        assert PROMPT in capsys.readouterr().out
        assert await run(tmp_path, "media", "list", "--user", "alice", "--json") == 0

    assert [line["jobId"] for line in lines_of(capsys)] == [pictures["alice"]["jobId"]]


@pytest.mark.parametrize(
    ("environment", "arguments", "status", "words"),
    [
        ({}, ("jobs", "list"), 2, "DATA_DIR: no service has made a database in "),
        ({}, ("media", "list"), 2, "DATA_DIR: no service has made a database in "),
        (
            {"DATABASE_URL": "postgresql+psycopg://127.0.0.1:1/media"},
            ("jobs", "list"),
            1,
            "DATABASE_URL: the database failed: connection failed",
        ),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, ("jobs", "list"), 2, "DATABASE_URL: needed where REDIS_URL is set"),
    ],
)
def test_a_database_that_is_not_there_is_said_and_not_made(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    assert main(arguments, {"DATA_DIR": str(tmp_path)} | environment) == status

    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["show", "cancel", "requeue"])
def test_a_job_that_is_not_there_is_said(database_file: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert main(("jobs", verb, new_id()), {"DATA_DIR": str(database_file.parent)}) == 1

    assert capsys.readouterr().err == "there is no such job\n"


async def test_a_database_of_an_older_version_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = sqlite_engine(tmp_path / "media.db")
    async with engine.connect() as connection:
        await connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        await connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
        await connection.commit()
    await engine.dispose()

    assert await run(tmp_path, "jobs", "list") == 2

    assert "migrate it first" in capsys.readouterr().err
