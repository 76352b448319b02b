"""Where the lifecycle's tests keep their rows: a SQLite file, a real PostgreSQL, and CockroachDB or what stands in."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from jobs.engines import Patience, server_engine, sqlite_engine
from jobs.ids import new_id
from jobs.migrations import migrate
from tests.postgres import PostgresServer

POOL_SIZE = 10
PATIENT = Patience(connect=20.0, pool=20.0, statement=20.0, call=20.0)
"""For tests of what is done and not of how soon: a machine that stands still for a while is no failure of theirs."""
VERSION = "CockroachDB CCL v25.4.2 (x86_64-pc-linux-gnu, built 2025/11/25 00:00:00, go1.24.7)"

# What PostgreSQL can't be taught: such statements are noted, and not run or run without it.
COCKROACHDB_ONLY = re.compile(r"ttl_expiration_expression|RESET \(ttl\)|AS OF SYSTEM TIME")
SHARDED = " USING HASH"
STAND_IN = (
    "CREATE SCHEMA crdb_shim",
    f"CREATE FUNCTION crdb_shim.version() RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT '{VERSION}' $$",
    # Found before PostgreSQL's own.
    "ALTER DATABASE {database} SET search_path = public, crdb_shim, pg_catalog",
    *(
        f"CREATE FUNCTION crdb_shim.{signature} RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'CockroachDB has no such function'; END $$"
        for signature in (
            "pg_notify(text, text)",
            "pg_advisory_lock(bigint)",
            "pg_try_advisory_lock(bigint)",
            "pg_advisory_unlock(bigint)",
            "pg_advisory_xact_lock(bigint)",
            "pg_try_advisory_xact_lock(bigint)",
        )
    ),
)
COLUMNS_VIEW = (
    "CREATE OR REPLACE VIEW information_schema.columns AS SELECT known.*, 'NO'::text AS is_hidden,"
    " upper(known.udt_name::text) AS crdb_sql_type, NULL::text AS column_comment FROM ({known}) AS known"
)
TABLES = ("cleanup", "event", "idempotency_key", "job", "media", "upload")


class Place(Protocol):
    """A migrated database with no rows."""

    def engine(self) -> AsyncEngine:
        """Another engine on it."""
        ...


@dataclass(frozen=True)
class SqlitePlace:
    """A SQLite file."""

    file: Path

    def engine(self) -> AsyncEngine:
        return sqlite_engine(self.file)


@dataclass(frozen=True)
class ServerPlace:
    """A database on a server, by its URL; `skipped` are the statements that the stand-in could not run as they are."""

    url: str
    is_stand_in: bool = False
    skipped: list[str] = field(default_factory=list)

    def engine(self, pool_size: int = POOL_SIZE) -> AsyncEngine:
        engine = server_engine(self.url, pool_size, PATIENT)
        if self.is_stand_in:
            event.listen(engine.sync_engine, "before_cursor_execute", self._skip, retval=True)
        return engine

    def _skip(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: bool) -> tuple[str, Any]:  # noqa: FBT001  # the event's signature
        is_skipped, is_sharded = bool(COCKROACHDB_ONLY.search(statement)), SHARDED in statement
        if is_skipped or is_sharded:
            self.skipped.append(statement)
        return ("SELECT 1", ()) if is_skipped else (statement.replace(SHARDED, ""), parameters)

    def connect(self) -> psycopg.Connection[Any]:
        """A connection in autocommit, for what tests do behind the service's back."""
        url = make_url(self.url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def empty(self) -> None:
        """Remove every row, and whoever is still connected."""
        with self.connect() as connection:
            if self.is_stand_in or self.url.startswith("postgresql"):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")


def postgresql_place(server: PostgresServer) -> ServerPlace:
    """A migrated database on PostgreSQL."""
    with server.connect() as connection:
        connection.execute("CREATE DATABASE media")
    return _migrated(ServerPlace(server.url("media")))


def stand_in_place(server: PostgresServer) -> ServerPlace:
    """A migrated database that the CockroachDB dialect takes for one of its own."""
    return _migrated(empty_stand_in(server, "media_cockroachdb"))


def empty_stand_in(server: PostgresServer, database: str) -> ServerPlace:
    """A database without tables that the CockroachDB dialect takes for one of its own."""
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {database}")
    with server.connect(database) as connection:
        for statement in STAND_IN:
            connection.execute(statement.replace("{database}", database))
        query = "SELECT rtrim(pg_get_viewdef('information_schema.columns'::regclass), ';')"
        (known,) = connection.execute(query).fetchone() or ("",)
        connection.execute(COLUMNS_VIEW.replace("{known}", known))
    return ServerPlace(server.url(database, "cockroachdb"), is_stand_in=True)


@contextmanager
def cluster_place(url: str) -> Iterator[ServerPlace]:
    """A migrated database of a name of its own on a real CockroachDB cluster, dropped at the end."""
    name = f"test_{new_id().replace('-', '')}"
    at = make_url(url).set(drivername="cockroachdb+psycopg")
    cluster = ServerPlace(at.render_as_string(hide_password=False))
    with cluster.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield _migrated(ServerPlace(at.set(database=name).render_as_string(hide_password=False)))
    finally:
        with cluster.connect() as connection:
            connection.execute(f"DROP DATABASE {name} CASCADE")


def _migrated(place: ServerPlace) -> ServerPlace:
    async def run() -> None:
        engine = place.engine()
        await migrate(engine)
        await engine.dispose()

    asyncio.run(run())
    return place
