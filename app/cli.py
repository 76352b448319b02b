"""The command line: `python -m app` serves; the other commands are for the one who operates it."""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.access import authenticator_of
from app.fleet import supervise
from app.main import check_combination, only_process, serve
from jobs.clock import system_clock
from jobs.database import Database
from jobs.engines import engine_of
from jobs.logs import configure_logs
from jobs.migrations import migrate
from schema.settings import Settings, SettingsError


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    commands = argparse.ArgumentParser(prog="python -m app", description="The media pipeline's web process.")
    verbs = commands.add_subparsers(dest="command", metavar="COMMAND")
    serving = verbs.add_parser(
        "serve", help="serve HTTP (the default); everything in one process while REDIS_URL is unset"
    )
    serving.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
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
                return asyncio.run(_serve(settings, is_supervised=getattr(options, "supervised", False)))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    except OSError as error:
        print(f"HOST, PORT: {error.strerror or error}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
    return 0


async def _serve(settings: Settings, *, is_supervised: bool) -> int:
    if is_supervised:
        return await serve(settings, shares_port=True, is_supervised=True)
    return await (supervise(settings) if settings.web_processes > 1 else serve(settings))


def _token(settings: Settings, user: str, hours: float) -> str:
    try:
        return authenticator_of(settings, system_clock).issue(user, timedelta(hours=hours))
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"token: {error}") from error


async def _migrate(settings: Settings) -> None:
    check_combination(settings)
    with contextlib.nullcontext() if settings.database_url else only_process(settings.data_dir):
        database = Database(engine_of(settings))
        try:
            await migrate(database.engine)
        finally:
            await database.close()
