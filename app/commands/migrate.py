"""`migrate`: brings the database to the schema of this version."""

import asyncio
import contextlib
from argparse import Namespace

from app.main import check_combination, only_process
from jobs.database import Database
from jobs.engines import engine_of
from jobs.migrations import migrate
from schema.settings import Settings


def run(settings: Settings, options: Namespace) -> int:  # noqa: ARG001  # every command has these two
    """Migrate. Raises `SettingsError`."""
    asyncio.run(_migrate(settings))
    return 0


async def _migrate(settings: Settings) -> None:
    check_combination(settings)
    with contextlib.nullcontext() if settings.database_url else only_process(settings.data_dir):
        database = Database(engine_of(settings))
        try:
            await migrate(database.engine)
        finally:
            await database.close()
