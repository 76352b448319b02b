"""`migrate`: brings the database to the schema of this version."""

import asyncio
import contextlib
import sys
from argparse import Namespace

from app.main import check_combination, only_process
from jobs.database import Database, DatabaseUnavailable, explained
from jobs.engines import engine_of
from jobs.migrations import migrate
from schema.settings import Settings


def run(settings: Settings, options: Namespace) -> int:  # noqa: ARG001  # every command has these two
    """Migrate. Raises `SettingsError`."""
    try:
        asyncio.run(_migrate(settings))
    except DatabaseUnavailable as error:
        print(f"DATABASE_URL: {explained(error)}", file=sys.stderr)  # noqa: T201  # a command speaks to its user
        return 1
    return 0


async def _migrate(settings: Settings) -> None:
    check_combination(settings)
    with contextlib.nullcontext() if settings.database_url else only_process(settings.data_dir):
        database = Database(engine_of(settings))
        try:
            await migrate(database.engine)
        finally:
            await database.close()
