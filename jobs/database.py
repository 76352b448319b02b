"""The database: reads, and transactions that are run again when the database asks for it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")

DEADLINE_SECONDS = 1.5
FIRST_PAUSE_SECONDS = 0.01

# Serialization failure, deadlock, and "the outcome is unknown": the work is written so that running it again is right.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01", "40003"})


class DatabaseUnavailable(Exception):
    """The database did not answer, or could not finish the transaction in time."""


class Database:
    """Runs reads and transactions. Every foreign error that means "not now" leaves as `DatabaseUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        # SQLite has one writer: a lock here is fair and free, while its own busy handler sleeps and polls.
        self._writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a transaction and commit it; `work` may run several times and must bear that."""
        async with AsyncExitStack() as stack:
            if self._writer is not None:
                await stack.enter_async_context(self._writer)
            return await self._with_retries(work)

    async def _with_retries(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DEADLINE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with self.engine.execution_options(begins_to_write=True).begin() as connection:
                    return await work(connection)
            except DBAPIError as error:
                if not _is_retryable(error):
                    raise _translated(error) from error
                if loop.time() + pause > deadline:
                    raise DatabaseUnavailable("the transaction met conflicts until its deadline") from error
            except (PoolTimeoutError, OSError) as error:
                raise DatabaseUnavailable("no connection to the database") from error
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311  # jitter, no secret
            pause *= 2

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reads that belong together."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise _translated(error) from error
        except (PoolTimeoutError, OSError) as error:
            raise DatabaseUnavailable("no connection to the database") from error

    async def check(self) -> None:
        """Raise `DatabaseUnavailable` when the database can't serve now."""
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Let go of the connections."""
        await self.engine.dispose()


def _is_retryable(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in RETRYABLE_SQLSTATES


def _translated(error: DBAPIError) -> Exception:
    return DatabaseUnavailable("the database failed") if isinstance(error, OperationalError | InterfaceError) else error
