"""The command line: `python -m app` serves; the other commands are for the one who operates it."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from jobs.logs import configure_logs
from schema.settings import Settings, SettingsError


def parser() -> argparse.ArgumentParser:
    """What may be typed. Each command is the module of that name in `app.commands`."""
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
    config = verbs.add_parser("config", help="print every setting with where its value comes from; secrets are hidden")
    config.add_argument("--json", action="store_true", help="one JSON object a line")
    return commands


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run one command; the exit status."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(environment)
        configure_logs(settings)
        # A command loads what it needs and nothing else: the renderer's and the database's libraries take seconds.
        status: int = import_module(f"app.commands.{options.command or 'serve'}").run(settings, options)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    return status
