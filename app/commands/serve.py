"""`serve`: HTTP and server-sent events, and everything else beside them while there is no Redis."""

import asyncio
import sys
from argparse import Namespace

from app.fleet import supervise
from app.main import serve
from jobs import loops
from jobs.database import DatabaseUnavailable, explained
from schema.settings import Settings


def run(settings: Settings, options: Namespace) -> int:
    """Serve until a signal says to stop. Raises `SettingsError`."""
    try:
        if getattr(options, "supervised", False):
            return loops.run(serve(settings, shares_port=True, is_supervised=True))
        if settings.web_processes > 1:
            return asyncio.run(supervise(settings))
        return loops.run(serve(settings))
    except DatabaseUnavailable as error:
        print(f"DATABASE_URL: {explained(error)}", file=sys.stderr)  # noqa: T201  # as the next
        return 1
    except OSError as error:
        print(f"HOST, PORT: {error.strerror or error}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
