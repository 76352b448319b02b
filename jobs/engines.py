"""An engine for the database that the settings name: a file of this process's own, PostgreSQL or CockroachDB."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from schema.settings import Settings, SettingsError

SQLITE_BUSY_SECONDS = 5.0
CONNECT_SECONDS = 1
POOL_SECONDS = 1.0


def engine_of(settings: Settings) -> AsyncEngine:
    """The engine. Does no I/O. Raises `SettingsError` for a URL of another kind of database."""
    if settings.database_url is None:
        return sqlite_engine(settings.data_dir / "media.db")
    return server_engine(settings.database_url.get_secret_value())


def server_engine(text: str) -> AsyncEngine:
    """An engine on a server. Raises `SettingsError`."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingsError("DATABASE_URL: is no URL of a database") from error
    kind = url.get_backend_name()
    if kind not in {"postgresql", "cockroachdb"}:
        raise SettingsError(f"DATABASE_URL: {kind} is neither postgresql nor cockroachdb")
    try:
        return create_async_engine(
            url.set(drivername=f"{kind}+psycopg"),
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except (NoSuchModuleError, ImportError) as error:
        raise SettingsError(f"DATABASE_URL: the driver of {kind} is not installed") from error


def sqlite_engine(file: Path) -> AsyncEngine:
    """An engine on one SQLite file: write-ahead log, foreign keys, and transactions that begin as what they are."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}", connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them as readers.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # In WAL mode NORMAL can lose the last commits at a power cut, never at a crash of the process.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns into a writer fails at once when another wrote meanwhile; beginning as a writer waits.
    immediate = connection.get_execution_options().get("begins_to_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
