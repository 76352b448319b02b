"""`/usage`: what the caller's generations came to."""

from datetime import UTC, date, timedelta

from aiohttp import web

from app.answers import answer
from app.body import fitted
from app.keys import CLOCK, JOBS, USER
from jobs.errors import FieldError, InvalidRequest
from schema.requests import UsageFilter

DEFAULT_DAYS = 30
MOST_DAYS = 366


async def show_usage(request: web.Request) -> web.Response:
    """What came of the caller's jobs, by day and model."""
    wanted = fitted(UsageFilter, dict(request.query))
    since, until = period(wanted, request.app[CLOCK]().astimezone(UTC).date())
    return answer(await request.app[JOBS].usage.between(request[USER], since, until))


def period(wanted: UsageFilter, today: date) -> tuple[date, date]:
    """The first and the last day; by default the last thirty up to today. Raises `InvalidRequest`."""
    until = wanted.until or max(today, wanted.since or today)
    since = wanted.since or max(date.min + timedelta(days=DEFAULT_DAYS), until) - timedelta(days=DEFAULT_DAYS - 1)
    if since > until:
        raise InvalidRequest([FieldError("since", "must not be later than until")])
    if (until - since).days >= MOST_DAYS:
        raise InvalidRequest([FieldError("since", f"must be less than {MOST_DAYS} days before until")])
    return since, until
