"""Time, passed in: what it is now in Python, and the SQL expression for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Interval, func, literal

from schema.tables import Instant

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


class SqlTime(Protocol):
    """Where a statement takes the time from."""

    def now(self, plus: timedelta = timedelta()) -> ColumnElement[Any]:
        """The moment of the statement, moved by `plus`."""
        ...


class BoundTime:
    """The clock's moment as a parameter: for SQLite, whose own clock has whole seconds only, and for tests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, plus: timedelta = timedelta()) -> ColumnElement[Any]:
        return literal(self._clock() + plus, Instant)


class DatabaseTime:
    """The database's own time, so that clocks of different machines don't decide about leases."""

    def now(self, plus: timedelta = timedelta()) -> ColumnElement[Any]:
        moment: ColumnElement[Any] = func.now()
        return moment + literal(plus, Interval) if plus else moment
