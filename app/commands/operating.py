"""What the operator's commands share: the database that the settings name, opened as it is, and how errors are told."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from app.commands.output import printable
from jobs.clock import system_clock
from jobs.database import Database, DatabaseUnavailable, explained
from jobs.engines import engine_of, sqlite_file
from jobs.errors import NotFound
from jobs.migrations import is_behind
from jobs.operating import NotRepeatable, Operator, operator_of
from schema.combinations import check_engine
from schema.settings import Settings, SettingsError

REFUSED = 1


def operate(settings: Settings, work: Callable[[Operator], Awaitable[None]]) -> int:
    """Do some work on the database; the exit status. Raises `SettingsError`."""
    try:
        asyncio.run(_operate(settings, work))
    except DatabaseUnavailable as error:
        return _refused(f"{'DATABASE_URL' if settings.database_url else 'DATA_DIR'}: {explained(error)}")
    except (NotFound, NotRepeatable) as error:
        return _refused(str(error))
    return 0


def _refused(sentence: str) -> int:
    print(printable(sentence), file=sys.stderr)  # noqa: T201  # for the one who asked
    return REFUSED


async def _operate(settings: Settings, work: Callable[[Operator], Awaitable[None]]) -> None:
    async with _opened(settings) as operator:
        await work(operator)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Operator]:
    """Nothing is made or migrated: who looks changes nothing. A standalone service may be using the same file."""
    check_engine(settings)
    if settings.database_url is None and not sqlite_file(settings).exists():
        raise SettingsError(f"DATA_DIR: no service has made a database in {settings.data_dir}")
    database = Database(engine_of(settings))
    try:
        if await is_behind(database.engine):
            raise SettingsError("DATABASE_URL, DATA_DIR: this database is of an older version; migrate it first")
        yield operator_of(settings, database, system_clock)
    finally:
        await database.close()


def moment_text(moment: datetime | None) -> str:
    """A moment for people: in UTC, to the second."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
