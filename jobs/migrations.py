"""Bringing a database to the schema that this code needs."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for one connection; the scripts come from the installed package."""
    config = Config()
    config.set_main_option("script_location", "schema:migrations")
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine) -> None:
    """Run every migration that the database has not had."""
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))
        await connection.commit()
