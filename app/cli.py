"""The command line: `python -m app` serves; the other commands are for the one who operates it."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from jobs.logs import configure_logs
from schema.settings import Settings, SettingsError

JSON_HELP = "one JSON object a line"


def parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """What may be typed. Each command is the module of that name in `app.commands`."""
    commands = argparse.ArgumentParser(prog="python -m app", description="The media pipeline's web process.")
    verbs = commands.add_subparsers(dest="command", metavar="COMMAND")
    serving = verbs.add_parser(
        "serve", help="serve HTTP (the default); everything in one process while REDIS_URL is unset"
    )
    serving.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    verbs.add_parser("migrate", help="bring the database to the schema of this version")
    verbs.add_parser("openapi", help="print the description of the API (OpenAPI 3.1) without a running service")
    token = verbs.add_parser("token", help="print an access token")
    token.add_argument("user", help="the user that the token is for (its `sub`)")
    token.add_argument("--hours", type=float, default=24.0, help="how long it is good (default: %(default)s)")
    config = verbs.add_parser("config", help="print every setting with where its value comes from; secrets are hidden")
    config.add_argument("--json", action="store_true", help=JSON_HELP)
    storage = verbs.add_parser("storage", help="storage check: say whether the store is set up, and what to change")
    storage.add_argument("verb", choices=["check"], help="ends with 1 where something is to change")
    storage.add_argument("--json", action="store_true", help=JSON_HELP)
    _add_demo(verbs.add_parser("demo", help="have a running service make a picture, and save it"), environment)
    return commands


def _add_demo(demo: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    demo.description = (
        "Ends with 0 when the file is saved, 1 when the job failed or was refused, 2 for a wrong setting, "
        "3 when no service answers, 130 after Ctrl-C, which cancels the job."
    )
    demo.add_argument("prompt", help='what it should show, such as "a lighthouse"')
    demo.add_argument("--kind", choices=["image", "video"], default="image", help="default: %(default)s")
    demo.add_argument("--model", help="one that GET /models lists; by default the service's")
    demo.add_argument("--seed", type=int, help="the same seed makes the same picture; by default any")
    demo.add_argument("--width", type=int, help="in pixels")
    demo.add_argument("--height", type=int, help="in pixels")
    demo.add_argument("--seconds", type=float, help="how long a video is")
    demo.add_argument("--output", type=Path, help="the file to write, or a directory for it")
    demo.add_argument(
        "--url", default=environment.get("DEMO_URL"), help="where the service is; DEMO_URL, or what HOST and PORT say"
    )
    demo.add_argument(
        "--token", default=environment.get("DEMO_TOKEN"), help="DEMO_TOKEN, or one that AUTH_SECRET or DATA_DIR sign"
    )


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run one command; the exit status."""
    options = parser(environment).parse_args(arguments)
    try:
        settings = Settings.from_environment(environment)
        configure_logs(settings)
        # A command loads what it needs and nothing else: the renderer's and the database's libraries take seconds.
        status: int = import_module(f"app.commands.{options.command or 'serve'}").run(settings, options)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    return status
