"""Time, passed in: what it is now in Python, and the SQL expression for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Interval, bindparam, func, literal

from schema.tables import Instant

Clock = Callable[[], datetime]

# A node leaves the cluster when its clock differs by more than half a second. Without an allowance a job that one node
# took in could be not due yet for the worker that it woke at another, and wait until somebody is woken again.
COCKROACHDB_OFFSET = timedelta(seconds=1)


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


class SqlTime(Protocol):
    """Where a statement takes the time from, each time that it runs."""

    def now(self, plus: timedelta = timedelta()) -> ColumnElement[Any]:
        """The moment of the statement or of its transaction's begin, moved by `plus`."""
        ...

    def due(self, after: timedelta = timedelta()) -> ColumnElement[Any]:
        """A moment `after` from now; with none, one that has come already, whatever clock it is compared with."""
        ...

    def ahead(self, parameter: str) -> ColumnElement[Any]:
        """A moment as far from now as the parameter says, whose value is `ahead_by`."""
        ...

    def ahead_by(self, plus: timedelta) -> Any:
        """What `ahead` takes for a moment `plus` from now."""
        ...


class BoundTime:
    """The clock's moment as a parameter: for SQLite, whose own clock has whole seconds only, and for tests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, plus: timedelta = timedelta()) -> ColumnElement[Any]:
        return bindparam(None, callable_=lambda: self._clock() + plus, type_=Instant, unique=True)

    def due(self, after: timedelta = timedelta()) -> ColumnElement[Any]:
        return self.now(after)

    def ahead(self, parameter: str) -> ColumnElement[Any]:
        return bindparam(parameter, type_=Instant)

    def ahead_by(self, plus: timedelta) -> Any:
        return self._clock() + plus


class DatabaseTime:
    """The database's own time, so that clocks of different machines don't decide about leases.

    It is the time at which the transaction began, and never later than the statement: a lease that was asked for while
    a row was locked is taken to be as old as the question, which is what its worker counts from, too.
    """

    def __init__(self, offset: timedelta = timedelta()) -> None:
        """`offset` is by how much the clocks of the database's nodes may differ."""
        self._offset = offset

    def now(self, plus: timedelta = timedelta()) -> ColumnElement[Any]:
        moment: ColumnElement[Any] = func.now()
        return moment + literal(plus, Interval) if plus else moment

    def due(self, after: timedelta = timedelta()) -> ColumnElement[Any]:
        return self.now(after or -self._offset)

    def ahead(self, parameter: str) -> ColumnElement[Any]:
        moment: ColumnElement[Any] = func.now() + bindparam(parameter, type_=Interval)
        return moment

    def ahead_by(self, plus: timedelta) -> Any:
        return plus


def time_of(dialect: str, clock: Clock) -> SqlTime:
    """Where statements take the time from on a database of this dialect."""
    match dialect:
        case "sqlite":
            return BoundTime(clock)
        case "cockroachdb":
            return DatabaseTime(COCKROACHDB_OFFSET)
        case _:
            return DatabaseTime()
