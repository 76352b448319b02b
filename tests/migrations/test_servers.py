"""Migrations on PostgreSQL and under CockroachDB's dialect, alone and with others at the same time."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from jobs.ids import new_id
from jobs.migrations import configuration, head, migrate
from schema.tables import Base
from tests.databases import ServerPlace, empty_stand_in
from tests.postgres import PostgresServer


@contextmanager
def empty_postgresql(postgres: PostgresServer) -> Iterator[ServerPlace]:
    name = new_name()
    with postgres.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield ServerPlace(postgres.url(name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def empty_cockroachdb(postgres: PostgresServer) -> Iterator[ServerPlace]:
    name = new_name()
    yield empty_stand_in(postgres, name)
    with postgres.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def new_name() -> str:
    return f"empty_{new_id().replace('-', '')}"


@pytest.fixture(params=["postgresql", "cockroachdb"])
async def empty(request: pytest.FixtureRequest, postgres: PostgresServer) -> AsyncIterator[ServerPlace]:
    """A database without tables."""
    made = empty_cockroachdb if request.param == "cockroachdb" else empty_postgresql
    with made(postgres) as place:
        yield place


@pytest.fixture
async def engine(empty: ServerPlace) -> AsyncIterator[AsyncEngine]:
    engine = empty.engine()
    yield engine
    await engine.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def version(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())


async def test_the_migrations_make_exactly_what_the_code_says(engine: AsyncEngine) -> None:
    await migrate(engine)

    assert await tables(engine) == {*Base.metadata.tables, "alembic_version"}
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(configuration(sync)))


async def test_processes_that_migrate_at_once_do_not_hinder_each_other(postgres: PostgresServer) -> None:
    with empty_postgresql(postgres) as place:
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": place.url}
        command_line = (sys.executable, "-m", "app", "migrate")
        processes = [await asyncio.create_subprocess_exec(*command_line, env=environment) for _ in range(3)]

        async with asyncio.timeout(60):
            assert [await process.wait() for process in processes] == [0, 0, 0]

        engine = place.engine()
        assert await version(engine) == [head()]
        assert await tables(engine) == {*Base.metadata.tables, "alembic_version"}
        await engine.dispose()


async def test_a_database_that_is_ahead_of_the_code_is_left_alone(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await migrate(engine)

    assert await version(engine) == ["9999"]


async def test_a_migration_has_no_time_limit_and_what_comes_after_it_has(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        before = await connection.scalar(text("SHOW statement_timeout"))

    await migrate(engine)

    async with engine.connect() as connection:
        assert before == await connection.scalar(text("SHOW statement_timeout")) != "0"


async def test_a_cluster_spreads_the_keys_that_grow_with_time_and_has_old_keys_expire(postgres: PostgresServer) -> None:
    with empty_cockroachdb(postgres) as place:
        engine = place.engine()
        await migrate(engine)
        await engine.dispose()

    tables = [re.match(r"\s*CREATE TABLE (\w+) .* USING HASH", each, re.DOTALL) for each in place.skipped]
    assert {found[1] for found in tables if found} == {"cleanup", "event", "job", "media"}
    (expiring,) = [each for each in place.skipped if "ttl" in each]
    assert expiring == (
        "ALTER TABLE idempotency_key SET (ttl_expiration_expression ="
        " '((created_at AT TIME ZONE ''UTC'') + INTERVAL ''2 days'') AT TIME ZONE ''UTC''', ttl_job_cron = '@daily')"
    )


async def test_a_step_that_another_process_makes_at_the_same_time_is_made_once(postgres: PostgresServer) -> None:
    with empty_postgresql(postgres) as place:
        engine, other = place.engine(), place.engine()
        async with engine.execution_options(isolation_level="READ COMMITTED").connect() as connection:
            await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "0004"))
            await connection.commit()
        async with other.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            # The step to 0005 changes nothing on PostgreSQL but the version.
            await connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
            migrating = asyncio.create_task(migrate(engine))
            await waiting_for_a_lock(postgres)

        await migrating

        assert await version(engine) == [head()]
        await other.dispose()
        await engine.dispose()


async def waiting_for_a_lock(postgres: PostgresServer) -> None:
    """Return when a session waits for another one's row."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with postgres.connect() as connection:
        while not (connection.execute(query).fetchone() or [0])[0]:  # noqa: ASYNC110  # the server gives no signal
            await asyncio.sleep(0)
