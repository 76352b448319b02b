"""`storage check`: says whether the store is set up as the service needs it, and what to change."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence

from app.commands.output import print_json, print_table
from jobs.clock import system_clock
from schema.settings import Settings
from storage.checking import check_store
from storage.finding import Finding


def run(settings: Settings, options: Namespace) -> int:
    """Print what was found; 1 where something is to change. Raises `SettingsError`."""
    found = asyncio.run(check_store(settings, origins_of(settings), system_clock))
    if options.json:
        print_json({"subject": each.subject, "right": each.is_right, "text": each.text} for each in found)
    else:
        print_table(("", "what", "is"), (_row(each) for each in found))
    return 0 if all(each.is_right for each in found) else 1


def origins_of(settings: Settings) -> Sequence[str]:
    """Whose pages use the store: the service's own, and those that may call it."""
    own = settings.public_url or f"http://{settings.host}:{settings.port}"
    return list(dict.fromkeys([own, *settings.cors_origins]))


def _row(found: Finding) -> tuple[str, str, str]:
    return "right" if found.is_right else "CHANGE", found.subject, found.text
