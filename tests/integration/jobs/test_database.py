"""Transactions: run again when the database asks for it, given up in time, and safe beside each other."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from itertools import repeat
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.database import Database, DatabaseUnavailable
from jobs.engines import PATIENCE, sqlite_engine
from jobs.ids import new_id
from schema.tables import CleanupRow
from tests.clock import ManualClock
from tests.factories import open_bench
from tests.integration.jobs.engines import FaultyEngine, database_error


@pytest.fixture
async def database(database_file: Path) -> AsyncIterator[Database]:
    database = Database(sqlite_engine(database_file))
    yield database
    await database.close()


def faulty(database: Database, *errors: Exception, after_commit: bool = False) -> tuple[Database, FaultyEngine]:
    engine = FaultyEngine(database.engine, iter(errors), after_commit=after_commit)
    return Database(engine.as_engine), engine


async def add(connection: AsyncConnection, prefix: str = "p") -> str:
    await connection.execute(insert(CleanupRow).values(id=new_id(), prefix=prefix, due_at=ManualClock.now))
    return prefix


async def prefixes(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(select(CleanupRow.prefix).order_by(CleanupRow.id))).scalars())


async def test_a_transaction_gives_what_its_work_gives_and_is_committed(database: Database) -> None:
    assert await database.transaction(add) == "p"
    assert await prefixes(database) == ["p"]


async def test_work_that_fails_leaves_nothing_and_its_error_passes_through(database: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await add(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.transaction(work)

    assert await prefixes(database) == []


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "40003"])
async def test_a_transaction_is_run_again_when_the_database_asks_for_it(database: Database, sqlstate: str) -> None:
    asked, engine = faulty(database, database_error(sqlstate), database_error(sqlstate))

    await asked.transaction(add)

    assert engine.begun == 3
    assert await prefixes(database) == ["p"]


async def test_a_transaction_is_run_again_when_its_connection_was_lost(database: Database) -> None:
    asked, engine = faulty(database, database_error(is_invalidated=True))

    await asked.transaction(add)

    assert engine.begun == 2


async def test_conflicts_without_end_are_given_up_at_the_deadline(database: Database) -> None:
    engine = FaultyEngine(database.engine, repeat(database_error("40001")))
    loop = asyncio.get_running_loop()
    begun_at = loop.time()

    with pytest.raises(DatabaseUnavailable):
        await Database(engine.as_engine).transaction(add)

    assert loop.time() - begun_at < PATIENCE.call + 1
    assert engine.begun > 3
    assert await prefixes(database) == []


@pytest.mark.parametrize(
    "error",
    [
        database_error("57P01"),
        InterfaceError("SELECT 1", {}, Exception("closed")),
        PoolTimeoutError("no connection"),
        ConnectionRefusedError(),
    ],
    ids=type,
)
async def test_an_error_that_means_not_now_is_unavailable_at_once(database: Database, error: Exception) -> None:
    asked, engine = faulty(database, error)

    with pytest.raises(DatabaseUnavailable):
        await asked.transaction(add)

    assert engine.begun == 1


@pytest.mark.parametrize("kind", [IntegrityError, ProgrammingError])
async def test_an_error_that_is_our_own_passes_through(database: Database, kind: type[IntegrityError]) -> None:
    asked, engine = faulty(database, kind("INSERT", {}, Exception("unique")))

    with pytest.raises(kind):
        await asked.transaction(add)

    assert engine.begun == 1


@pytest.mark.parametrize(
    "error", [database_error("57P01"), PoolTimeoutError("no connection"), ConnectionRefusedError()], ids=type
)
async def test_a_database_that_can_not_be_read_is_unavailable(database: Database, error: Exception) -> None:
    asked, engine = faulty(database)
    engine.is_down = error

    with pytest.raises(DatabaseUnavailable):
        await asked.check()


async def test_a_read_that_is_wrong_passes_through(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="failed"):
        async with database.reading() as connection:
            await connection.execute(text("SELECT * FROM nothing"))


async def test_a_database_that_serves_passes_its_check(database: Database) -> None:
    await database.check()


async def test_concurrent_writers_of_one_process_all_succeed(database: Database) -> None:
    await asyncio.gather(*(database.transaction(add) for _ in range(50)))

    assert len(await prefixes(database)) == 50


async def test_concurrent_writers_of_several_processes_all_succeed(database: Database, database_file: Path) -> None:
    others = [Database(sqlite_engine(database_file)) for _ in range(3)]

    async def read_then_write(connection: AsyncConnection) -> None:
        count = len((await connection.execute(select(CleanupRow.id))).all())
        await add(connection, str(count))

    await asyncio.gather(*(each.transaction(read_then_write) for each in [database, *others] * 10))

    assert sorted(await prefixes(database), key=int) == [str(number) for number in range(40)]
    for other in others:
        await other.close()


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async def work(connection: AsyncConnection) -> list[str]:
        await add(connection)
        return await prefixes(database)

    assert await database.transaction(work) == []


async def test_a_file_that_another_program_holds_for_too_long_is_unavailable(database_file: Path) -> None:
    engine = sqlite_engine(database_file)
    database = Database(engine)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=10")
        await connection.rollback()
    other = sqlite3.connect(database_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseUnavailable):
        await database.transaction(add)

    other.execute("ROLLBACK")
    other.close()
    await database.transaction(add)
    await database.close()


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_submit_of_which_the_outcome_was_unknown_makes_one_job(database_file: Path, key: str | None) -> None:
    unknown = iter([database_error("40003")])
    async with open_bench(
        database_file,
        wrap=lambda database: Database(FaultyEngine(database.engine, unknown, after_commit=True).as_engine),
    ) as bench:
        job_id = await bench.submit(idempotency_key=key)

        page = await bench.service.list("alice", status=None, kind=None, before=None, limit=10)
        assert [job.job_id for job in page.items] == [job_id]
        assert await bench.event_names(job_id) == ["generation_queued"]
        assert bench.wake_ups.sent == [("image", job_id)]


async def test_garbage_that_can_not_be_looked_up_now_does_not_fail_what_made_it(database_file: Path) -> None:
    engines: list[FaultyEngine] = []

    def wrap(database: Database) -> Database:
        engines.append(FaultyEngine(database.engine, iter(())))
        return Database(engines[0].as_engine)

    async with open_bench(database_file, wrap=wrap) as bench:
        lease = await bench.start()
        await bench.make(lease)
        await bench.service.cancel("alice", lease.job.id)
        engines[0].is_down = ConnectionRefusedError()

        assert await bench.leases.stop(lease)
        await bench.settle()

        engines[0].is_down = None
        assert (await bench.row(lease.job.id)).status == "cancelled"
