"""The command line: `python -m app` serves; the other commands are for the one who operates it."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.access import authenticator_of
from app.logs import configure_logs
from app.main import only_process, serve
from jobs.clock import system_clock
from jobs.database import Database, sqlite_engine
from jobs.migrations import migrate
from schema.settings import Settings, SettingsError


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    commands = argparse.ArgumentParser(prog="python -m app", description="The media pipeline's web process.")
    verbs = commands.add_subparsers(dest="command", metavar="COMMAND")
    verbs.add_parser("serve", help="serve HTTP (the default); everything in one process while REDIS_URL is unset")
    verbs.add_parser("migrate", help="bring the database to the schema of this version")
    token = verbs.add_parser("token", help="print an access token")
    token.add_argument("user", help="the user that the token is for (its `sub`)")
    token.add_argument("--hours", type=float, default=24.0, help="how long it is good (default: %(default)s)")
    return commands


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run one command; the exit status."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(environment)
        configure_logs(settings)
        match options.command:
            case "token":
                print(_token(settings, options.user, options.hours))  # noqa: T201  # this is what was asked for
            case "migrate":
                asyncio.run(_migrate(settings))
            case _:
                asyncio.run(serve(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    except OSError as error:
        print(f"HOST, PORT: {error.strerror or error}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
    return 0


def _token(settings: Settings, user: str, hours: float) -> str:
    try:
        return authenticator_of(settings, system_clock).issue(user, timedelta(hours=hours))
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"token: {error}") from error


async def _migrate(settings: Settings) -> None:
    with only_process(settings.data_dir):
        await _migrate_alone(settings)


async def _migrate_alone(settings: Settings) -> None:
    database = Database(sqlite_engine(settings.data_dir / "media.db"))
    try:
        await migrate(database.engine)
    finally:
        await database.close()
