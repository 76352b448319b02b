"""The database: transactions that are run again when the database asks for it, and reads; both end in time."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import TypeVar, cast

from sqlalchemy import QueuePool, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from jobs.engines import PATIENCE, READ_COMMITTED, SERIALIZABLE, cut_after, in_transaction

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.1
FOLLOWER_READ = "SET TRANSACTION AS OF SYSTEM TIME follower_read_timestamp()"

# The transaction was rolled back for certain: a serialization failure, a deadlock.
ROLLED_BACK = frozenset({"40001", "40P01"})
# "The outcome is unknown", as after a connection that was lost.
UNKNOWN = frozenset({"40003"})


class DatabaseUnavailable(Exception):
    """The database did not answer, or could not finish the transaction in time."""


def explained(error: DatabaseUnavailable) -> str:
    """What an operator is told of it: the driver's own words, which name host and port and no password."""
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    return f"{error}: {(str(cause) or type(cause).__name__).splitlines()[0]}"


@contextmanager
def translated() -> Iterator[None]:
    """Have the errors of library and driver that mean "not now" leave as `DatabaseUnavailable`."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error) from error
    except (PoolTimeoutError, OSError) as error:
        raise DatabaseUnavailable("no connection to the database") from error


class Database:
    """Runs reads and transactions. Every foreign error that means "not now" leaves as `DatabaseUnavailable`.

    On a server each call ends within `seconds`, also when there is no connection to be had, or nothing but
    silence on the one that there is.
    """

    def __init__(self, engine: AsyncEngine, seconds: float = PATIENCE.call) -> None:
        self.engine = engine
        self._seconds = seconds
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._sqlite_writing = engine.execution_options(begins_to_write=True)
        # SQLite has one writer: a lock here is fair and free, while its own busy handler sleeps and polls.
        self._writer = asyncio.Lock() if self._is_sqlite else None
        self._left: set[asyncio.Task[None]] = set()

    async def transaction(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        """Run `work` in a transaction and commit it, at READ COMMITTED: right for conditional updates of single rows.

        `work` may run several times and must bear that. Where its second run would not find what the first committed
        without anybody's knowing, `recall` looks for that first; what it finds is the result, and None means: not done.
        """
        return await self._run(READ_COMMITTED, work, recall)

    async def single(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        """Run `work` that is one statement, which is a transaction by itself: a round trip instead of three.

        `recall` as in `transaction`.
        """
        return await self._run(None, work, recall)

    async def serializable(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        """Do the same as if no other such transaction ran beside it: for limits over many rows."""
        return await self._run(SERIALIZABLE, work, recall)

    async def _run(self, isolation: int | None, work: Work[T], recall: Work[T | None] | None) -> T:
        async with AsyncExitStack() as stack:
            if self._writer is not None:
                await stack.enter_async_context(self._writer)
            return await self._with_retries(isolation, work, recall)

    async def _with_retries(self, isolation: int | None, work: Work[T], recall: Work[T | None] | None) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        pause = FIRST_PAUSE_SECONDS
        may_be_done = False
        while True:
            try:
                async with self._begun(isolation, deadline) as connection:
                    done = await recall(connection) if may_be_done and recall is not None else None
                    return await work(connection) if done is None else done
            except DBAPIError as error:
                if not (_is_rolled_back(error) or _is_unknown(error)):
                    raise _translated(error) from error
                if loop.time() + pause > deadline:
                    raise DatabaseUnavailable("the transaction could not be finished by its deadline") from error
                may_be_done = may_be_done or _is_unknown(error)
            except (PoolTimeoutError, OSError) as error:
                raise DatabaseUnavailable("no connection to the database") from error
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311  # jitter, no secret
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reads that belong together; on a server each statement sees what is committed by then."""
        async with self._reading(self._seconds) as connection:
            yield connection

    @asynccontextmanager
    async def stale_reading(self, within: float | None = None) -> AsyncIterator[AsyncConnection]:
        """A connection for scans that may miss the last seconds: metrics, and what is past its keeping.

        On a server they end `within` so many seconds. CockroachDB answers them from the nearest replica, apart from the
        traffic; elsewhere they are ordinary reads.
        """
        if self.engine.dialect.name != "cockroachdb":
            async with self._reading(within or self._seconds) as connection:
                yield connection
            return
        deadline = asyncio.get_running_loop().time() + (within or self._seconds)
        with translated():
            async with self._begun(SERIALIZABLE, deadline) as connection:
                await connection.exec_driver_sql(FOLLOWER_READ)
                yield connection

    @asynccontextmanager
    async def _reading(self, within: float) -> AsyncIterator[AsyncConnection]:
        deadline = asyncio.get_running_loop().time() + within
        with translated():
            async with self._opened(deadline) as connection:
                yield connection

    @asynccontextmanager
    async def _begun(self, isolation: int | None, deadline: float) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction, which is committed at the context's end; None: each statement is one."""
        if self._is_sqlite:
            # Its transactions are serializable, all of them.
            async with self._sqlite_writing.begin() as connection:
                yield connection
            return
        async with self._opened(deadline) as connection:
            if isolation is None:
                yield connection
                return
            async with in_transaction(connection, isolation):
                yield connection

    @asynccontextmanager
    async def _opened(self, deadline: float) -> AsyncIterator[AsyncConnection]:
        """A connection; a server's is cut at the deadline, in the middle of a commit too."""
        if self._is_sqlite:
            async with self.engine.connect() as connection:
                yield connection
            return
        connection = await self._connect(deadline)
        with cut_after(deadline - asyncio.get_running_loop().time(), connection):
            try:
                yield connection
            except BaseException:
                await asyncio.shield(connection.close())
                raise
            # Nothing is left to be said to the server, so nothing to be shielded.
            await connection.close()

    async def _connect(self, deadline: float) -> AsyncConnection:
        """A connection from the pool, or a new one, in time; else whatever is still opening is left behind."""
        connection = self.engine.connect()
        if cast("QueuePool", self.engine.pool).checkedin():
            return await connection.start()
        entering = asyncio.ensure_future(connection.start())
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(entering)
        except BaseException:
            self._leave(entering)
            raise

    def _leave(self, entering: asyncio.Future[AsyncConnection]) -> None:
        async def clean_up() -> None:
            entering.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await (await entering).close()

        task = asyncio.create_task(clean_up(), name="left-connection")
        self._left.add(task)
        task.add_done_callback(self._left.discard)

    async def check(self) -> None:
        """Raise `DatabaseUnavailable` when the database can't serve now."""
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Let go of the connections."""
        if self._left:
            await asyncio.wait(self._left, timeout=self._seconds)
        await self.engine.dispose()


def _is_rolled_back(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ROLLED_BACK


def _is_unknown(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in UNKNOWN


def _translated(error: DBAPIError) -> Exception:
    return DatabaseUnavailable("the database failed") if isinstance(error, OperationalError | InterfaceError) else error
