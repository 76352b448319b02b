"""`token`: prints an access token, signed with the first of the secrets."""

from argparse import Namespace
from datetime import timedelta

from app.access import authenticator_of
from jobs.clock import system_clock
from schema.settings import Settings, SettingsError


def run(settings: Settings, options: Namespace) -> int:
    """Print it. Raises `SettingsError`."""
    try:
        token = authenticator_of(settings, system_clock).issue(options.user, timedelta(hours=options.hours))
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"token: {error}") from error
    print(token)  # noqa: T201  # this is what was asked for
    return 0
