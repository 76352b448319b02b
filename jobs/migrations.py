"""Bringing a database to the schema that this code needs, while others may be doing the same."""

import asyncio
from importlib import resources
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from jobs.database import translated

if TYPE_CHECKING:
    from alembic.config import Config

NO_VERSION = ""
PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6)


class Overtaken(Exception):
    """Another process has made a step meanwhile."""


def configuration(connection: Connection) -> "Config":
    """Alembic's configuration for one connection; the scripts come from the installed package."""
    from alembic.config import Config  # noqa: PLC0415  # slow to import, and rarely needed

    config = Config()
    config.set_main_option("script_location", "schema:migrations")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The latest revision that this code has a script for; revisions are numbers of four digits."""
    scripts = resources.files("schema.migrations") / "versions"
    return max(script.name[:4] for script in scripts.iterdir() if script.name[:4].isdigit())


async def migrate(engine: AsyncEngine) -> None:
    """Run every migration that the database has not had.

    A database that is ahead of this code is left alone: a migration keeps what the code before it needs. Where another
    process migrates at the same time one of the two fails, and then looks how far the other has come.
    Raises `DatabaseUnavailable`.
    """
    with translated():
        await _migrate(engine)


async def is_behind(engine: AsyncEngine) -> bool:
    """Whether there are migrations that the database has not had. Raises `DatabaseUnavailable`."""
    with translated():
        return await _version_of(engine) < head()


async def _migrate(engine: AsyncEngine) -> None:
    pauses = iter(PAUSES_SECONDS)
    while (version := await _version_of(engine)) < head():
        try:
            await _upgrade(engine)
        except (DBAPIError, Overtaken):
            if await _version_of(engine) != version:
                pauses = iter(PAUSES_SECONDS)
                continue
            pause = next(pauses, None)
            if pause is None:
                raise
            await asyncio.sleep(pause)


async def _version_of(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return await connection.run_sync(_version)


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return NO_VERSION
    version = connection.execute(text("SELECT max(version_num) FROM alembic_version")).scalar()
    return cast("str | None", version) or NO_VERSION


async def _upgrade(engine: AsyncEngine) -> None:
    from alembic import command  # noqa: PLC0415  # slow to import, and rarely needed
    from alembic.util import CommandError  # noqa: PLC0415  # the same

    is_server = engine.dialect.name != "sqlite"
    if is_server:
        # As the server has it by itself: a step is whole or it is not made.
        engine = engine.execution_options(isolation_level=engine.dialect.default_isolation_level)
    async with engine.connect() as connection:
        if is_server:
            # An index over a big table takes longer than any statement of the service may.
            await connection.exec_driver_sql("SET statement_timeout = 0")
            await connection.commit()
        try:
            await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))
        except CommandError as error:
            # A step that changes nothing here conflicts with nobody: its version is written by one of two at once.
            raise Overtaken from error
        await connection.commit()
        await connection.invalidate()
