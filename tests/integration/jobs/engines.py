"""An engine whose transactions fail where a test says so, around the real one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class DriverError(Exception):
    """What a driver raises: an error with an SQLSTATE."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def database_error(sqlstate: str = "", *, is_invalidated: bool = False) -> OperationalError:
    """What SQLAlchemy makes of it; `is_invalidated`: the connection is lost."""
    return OperationalError("COMMIT", {}, DriverError(sqlstate), connection_invalidated=is_invalidated)


class FaultyEngine:
    """Raises the given errors, one for each transaction, before or after the commit; then it works."""

    def __init__(self, engine: AsyncEngine, errors: Iterator[Exception], *, after_commit: bool = False) -> None:
        self.begun = 0
        self.is_down: Exception | None = None
        self._engine = engine
        self._errors = errors
        self._after_commit = after_commit

    @property
    def dialect(self) -> Any:
        return self._engine.dialect

    def execution_options(self, **options: Any) -> "FaultyEngine":
        return self

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        self.begun += 1
        error = next(self._errors, None)
        async with self._engine.execution_options(begins_to_write=True).begin() as connection:
            yield connection
            if error is not None and not self._after_commit:
                raise error
        if error is not None:
            raise error

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        if self.is_down is not None:
            raise self.is_down
        async with self._engine.connect() as connection:
            yield connection

    async def dispose(self) -> None:
        await self._engine.dispose()

    @property
    def as_engine(self) -> AsyncEngine:
        return cast("AsyncEngine", self)
