"""The command line: `python -m app` serves; the other commands are for the one who operates it."""

import argparse
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import get_args

from jobs.ids import is_id
from jobs.logs import configure_logs
from schema.models import MediaKind
from schema.responses import JobKind, JobStatus, MediaSource
from schema.settings import Settings, SettingsError

JSON_HELP = "one JSON object a line"
MOST_ROWS = 10_000
"""More would take longer than a statement may."""


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
    _add_jobs(verbs.add_parser("jobs", help="look at the jobs of all users, cancel them, have them done again"))
    _add_media(verbs.add_parser("media", help="look at the libraries of all users"))
    return commands


def _add_jobs(jobs: argparse.ArgumentParser) -> None:
    jobs.description = (
        "Works on the database of the settings, beside a running service or without one; running processes tell "
        "clients of it within some seconds. Ends with 0, with 1 when there is no such job, it can't be done or the "
        "database does not answer, with 2 for a wrong setting."
    )
    verbs = jobs.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="the newest jobs, without what was asked for")
    listing.add_argument("--status", choices=get_args(JobStatus))
    listing.add_argument("--kind", choices=get_args(JobKind))
    _add_page(listing)
    for verb, sentence in (
        ("show", "everything about one job, its prompt included"),
        ("cancel", "cancel a job as its owner could"),
        ("requeue", "have a failed or cancelled job done again, by a new job; prints its id"),
    ):
        one = verbs.add_parser(verb, help=sentence, description=f"{sentence[0].upper()}{sentence[1:]}.")
        one.add_argument("job", metavar="ID")
        one.add_argument("--json", action="store_true", help=JSON_HELP)


def _add_media(media: argparse.ArgumentParser) -> None:
    verbs = media.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="the newest media, without their prompts and URLs")
    listing.add_argument("--kind", choices=get_args(MediaKind))
    listing.add_argument("--source", choices=get_args(MediaSource))
    _add_page(listing)


def _add_page(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("--user", help="of one user alone (the `sub` of their tokens)")
    listing.add_argument("--before", type=_id, metavar="ID", help="only what is older than this one")
    listing.add_argument("--limit", type=_count, default=50, help="default: %(default)s")
    listing.add_argument("--json", action="store_true", help=JSON_HELP)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_ROWS):
        raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_ROWS}")
    return int(text)


def _id(text: str) -> str:
    if not is_id(text):
        raise argparse.ArgumentTypeError("an id as the lists have them")
    return text


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
        command = import_module(f"app.commands.{options.command or 'serve'}")
        if not gc.isenabled():
            # As `app/__main__.py` left it. Without the freeze the first collection would look at all that was imported.
            gc.freeze()
            gc.enable()
        status: int = command.run(settings, options)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    return status
