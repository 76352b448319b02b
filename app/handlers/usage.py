"""`/usage`: what the caller's generations came to."""

from datetime import UTC, date

from aiohttp import web

from app.answers import answer
from app.body import fitted
from app.keys import CLOCK, JOBS, USER
from schema.requests import UsageFilter

DEFAULT_DAYS = 30
MOST_DAYS = 366


async def show_usage(request: web.Request) -> web.Response:
    """What came of the caller's jobs, by day and model."""
    wanted = fitted(UsageFilter, dict(request.query))
    since, until = period(wanted, request.app[CLOCK]().astimezone(UTC).date())
    return answer(await request.app[JOBS].usage.between(request[USER], since, until))


def period(wanted: UsageFilter, today: date) -> tuple[date, date]:
    """The first and the last day, by default the last thirty up to today. Of a longer time it is the end."""
    until = wanted.until or max(today, wanted.since or today)
    if wanted.since is None:
        return _days_before(until, DEFAULT_DAYS - 1), until
    return max(wanted.since, _days_before(until, MOST_DAYS - 1)), until


def _days_before(day: date, days: int) -> date:
    """So many days before, or the first day that there is."""
    return date.fromordinal(max(day.toordinal() - days, 1))
