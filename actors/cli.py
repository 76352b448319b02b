"""The command line of the workers: `python -m actors` keeps several processes that work on jobs."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from actors.fleet import supervise
from actors.main import work
from actors.registry import check_extras
from jobs import loops
from jobs.database import DatabaseUnavailable, explained
from jobs.logs import configure_logs
from schema.combinations import check_worker
from schema.offering import offering_of
from schema.settings import Settings, SettingsError


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    commands = argparse.ArgumentParser(prog="python -m actors", description="The media pipeline's workers.")
    commands.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    return commands


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Work until a signal says to stop; the exit status."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(environment)
        configure_logs(settings)
        check_worker(settings)
        check_extras(offering_of(settings).menu)
        return loops.run(work(settings)) if options.supervised else asyncio.run(supervise(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    except DatabaseUnavailable as error:
        print(f"DATABASE_URL: {explained(error)}", file=sys.stderr)  # noqa: T201  # as the next
        return 1
    except OSError as error:
        print(f"WORKER_HOST, WORKER_PORT: {error.strerror or error}", file=sys.stderr)  # noqa: T201  # the same
        return 1
