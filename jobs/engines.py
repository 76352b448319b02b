"""Engines: SQLite, PostgreSQL and CockroachDB, set up so that no caller waits for long on a database that is silent."""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schema.settings import Settings, SettingsError

SQLITE_BUSY_SECONDS = 5.0
IDLE_TRANSACTION_MILLISECONDS = 5000
RECYCLE_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, is waited for a server: to connect, for the pool, for a statement, and for a whole call."""

    connect: float = 1.0
    pool: float = 1.0
    statement: float = 1.4
    call: float = 1.5

    @property
    def session_options(self) -> str:
        """The server ends by itself what its client gave up or, being stopped, holds.

        Locks of a stopped process would hold others up for as long as it stays stopped.
        """
        return (
            f"-c statement_timeout={round(1000 * self.statement)}"
            f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_MILLISECONDS}"
        )


PATIENCE = Patience()
# As the driver numbers them (`psycopg.IsolationLevel`), which is not loaded where SQLite does.
READ_COMMITTED, SERIALIZABLE = 2, 4
# Of libpq: a peer that vanished without a word is noticed while the connection is idle, and while it owes an answer.
KEEPALIVES = {
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}


def engine_of(settings: Settings) -> AsyncEngine:
    """The engine that the settings ask for: `DATABASE_URL`, or a SQLite file in `DATA_DIR`. Connects to nothing yet."""
    if settings.database_url is None:
        return sqlite_engine(sqlite_file(settings))
    return server_engine(settings.database_url.get_secret_value(), settings.database_pool_size)


def sqlite_file(settings: Settings) -> Path:
    """Where the database is while `DATABASE_URL` is absent; opening it makes it."""
    return settings.data_dir / "media.db"


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


def server_engine(url: str, pool_size: int, patience: Patience = PATIENCE) -> AsyncEngine:
    """An engine on `postgresql+psycopg://` or `cockroachdb+psycopg://` with at most `pool_size` connections."""
    engine = create_async_engine(
        url,
        # A read is a statement by itself, one round trip and not three. `Database` begins transactions by statements.
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience.pool,
        pool_recycle=RECYCLE_SECONDS,
        # What is used most stays open; what a peak needed is recycled.
        pool_use_lifo=True,
    )
    event.listen(engine.sync_engine, "do_connect", partial(_connect_in_time, patience))
    event.listen(engine.sync_engine, "checkout", _refuse_the_dead)
    return engine


def _connect_in_time(
    patience: Patience, dialect: Dialect, _record: object, _arguments: object, parameters: dict[str, Any]
) -> None:
    """Prepare the driver's arguments; the connecting itself is bounded here, for libpq's least timeout is 2 s."""
    given = parameters.get("options", "")
    parameters |= {name: parameters.get(name, value) for name, value in KEEPALIVES.items()}
    parameters["options"] = f"{patience.session_options} {given}".strip()
    # SQLAlchemy passes its driver's module on as attributes of an adapter.
    connect = dialect.loaded_dbapi.AsyncConnection.connect
    parameters["async_creator_fn"] = partial(
        _connect, connect, patience.connect, is_cockroachdb=dialect.name == "cockroachdb"
    )


@asynccontextmanager
async def in_transaction(connection: AsyncConnection, isolation: int) -> AsyncIterator[None]:
    """A transaction of a server's connection, `READ_COMMITTED` or `SERIALIZABLE`, committed at the context's end.

    The driver alone is told: what SQLAlchemy does to change a connection's isolation level, and to change it back,
    costs as much as two statements. The driver sends the beginning with the first statement.
    """
    driver = driver_of(connection)
    try:
        await driver.set_isolation_level(isolation)
        await driver.set_autocommit(False)
    except Exception as error:
        await connection.invalidate()
        raise OSError("the connection is lost") from error
    try:
        yield
        try:
            await driver.commit()
        except connection.dialect.loaded_dbapi.Error as error:
            raise await error_of(connection, error) from error
    except BaseException:
        await asyncio.shield(_roll_back(connection, driver))
        raise
    await driver.set_autocommit(True)


async def _roll_back(connection: AsyncConnection, driver: Any) -> None:
    try:
        await driver.rollback()
        await driver.set_autocommit(True)
    except Exception:  # noqa: BLE001  # whatever it is, the error that led here says more
        await connection.invalidate()


def driver_of(connection: AsyncConnection) -> Any:
    """The driver's own connection, of one that is open."""
    begun = connection.sync_connection
    return None if begun is None else begun.connection.driver_connection


async def error_of(connection: AsyncConnection, error: Exception) -> Exception:
    """What SQLAlchemy would raise for an error of its driver; a connection that is lost is not used again."""
    driver = driver_of(connection)
    is_lost = driver.closed or driver.broken
    if is_lost:
        await connection.invalidate(error)
    dialect = connection.dialect
    made: Exception = DBAPIError.instance(
        None, None, error, dialect.loaded_dbapi.Error, connection_invalidated=is_lost, dialect=dialect
    )
    return made


async def _connect(
    connect: Callable[..., Any], seconds: float, *arguments: Any, is_cockroachdb: bool, **parameters: Any
) -> Any:
    async with asyncio.timeout(seconds):
        connection = await connect(*arguments, **parameters)
    if not is_cockroachdb and connection.pgconn.parameter_status(b"crdb_version"):
        # Cockroach Labs' console hands out postgresql:// addresses, and what differs between the two is much.
        await connection.close()
        raise SettingsError("DATABASE_URL: this is CockroachDB; begin the URL with cockroachdb://")
    return connection


def _refuse_the_dead(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that the server has closed meanwhile.

    A server that goes leaves a farewell in the socket, and nothing else ever arrives on an idle connection: looking
    costs no round trip, as a ping would.
    """
    poll = select.poll()
    poll.register(connection.driver_connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("the server closed the connection")


@contextmanager
def cut_after(seconds: float, connection: AsyncConnection) -> Iterator[None]:
    """Cut a server's connection when the time is up: whoever waits for an answer gets an error, and the pool a new one.

    Cancelling would not do: the driver then waits for the server to confirm, which a silent one never does.
    """
    driver = driver_of(connection)
    timer = asyncio.get_running_loop().call_later(max(0, seconds), _cut, driver)
    try:
        yield
    finally:
        timer.cancel()


def _cut(driver: Any) -> None:
    if driver is not None and not driver.closed:
        with suppress(OSError), socket.socket(fileno=os.dup(driver.fileno())) as sock:
            sock.shutdown(socket.SHUT_RDWR)
