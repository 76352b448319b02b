"""Statements that are built once, and compiled once: that takes the processor longer than running one the database."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, bindparam, cast, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.engines import driver_of, error_of

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=Executable)

_BUILT = "_built_statements"
_PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")
"""A named parameter as SQLAlchemy writes it for the driver, or a percent sign."""
Process = Callable[[Any], Any]


class _Compiled:
    """A statement in a dialect's words, and what its parameters and its columns have to go through.

    SQLAlchemy does the same for each execution, by ways that serve everybody; they cost more than the driver.
    """

    def __init__(self, statement: Any, dialect: Dialect, keys: Sequence[str]) -> None:
        """`keys` are the parameters that it is going to be given, and the columns that get values from them."""
        compiled = statement.compile(dialect=dialect, column_keys=list(keys))
        # With the lists written out that its conditions compare with.
        expanded = compiled.construct_expanded_state(dict.fromkeys(keys))
        # What a table's columns have by default is otherwise filled in at each execution.
        defaults = {column.key: column.default.arg for column in compiled.insert_prefetch}
        constants: dict[str, Any] = {**expanded.parameters, **defaults}
        # Such a parameter is as many as the list is long, so the text is another each time.
        self.takes_lists = any(each.expanding and each.key in keys for each in compiled.bind_names)
        self._given: list[tuple[int, str, Process | None]] = []
        self._computed: list[tuple[int, BindParameter[Any], Process | None]] = []
        self.text, places = _numbered(expanded.statement)
        for parameter, name in compiled.bind_names.items():
            if name not in places:
                # A list that was written out: its members are constants, and texts.
                continue
            process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if parameter.key in keys:
                self._given.append((places[name], parameter.key, process))
            elif parameter.callable is not None:
                self._computed.append((places[name], parameter, process))
            elif process is not None:
                constants[name] = process(constants[name])
        self._constants = [constants[name] for name in places]
        self._types = [column.type.dialect_impl(dialect) for column in getattr(statement, "exported_columns", ())]
        self._dialect = dialect
        self._columns: list[tuple[int, Process]] | None = None

    def parameters(self, given: Mapping[str, Any]) -> list[Any]:
        """Everything that the driver is to be given, in the order of its numbers."""
        values = self._constants.copy()
        for place, key, process in self._given:
            values[place] = given[key] if process is None else process(given[key])
        for place, parameter, process in self._computed:
            value = parameter.effective_value
            values[place] = value if process is None else process(value)
        return values

    @property
    def gives_rows(self) -> bool:
        """Whether there is something to be fetched."""
        return bool(self._types)

    def rows(self, raw: Sequence[Sequence[Any]], cursor: Any) -> Sequence[Sequence[Any]]:
        """Rows as SQLAlchemy would give them, without the names; the driver's `cursor` describes their columns."""
        if self._columns is None:
            processors = [
                each.result_processor(self._dialect, column.type_code)
                for each, column in zip(self._types, cursor.description, strict=True)
            ]
            self._columns = [(index, process) for index, process in enumerate(processors) if process is not None]
        if not self._columns:
            return raw
        rows = [list(row) for row in raw]
        for index, process in self._columns:
            for row in rows:
                row[index] = process(row[index])
        return rows


def _numbered(text: str) -> tuple[bytes, dict[str, int]]:
    """A statement with the server's own numbered parameters, `$1`, and each name's place: the driver has none to find.

    It would look for names in a long statement each time.
    """
    places: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return "%" if found[1] is None else f"${places.setdefault(found[1], len(places)) + 1}"

    return _PARAMETER.sub(number, text).encode(), places


_compiled: "WeakKeyDictionary[Executable, dict[Any, _Compiled]]" = WeakKeyDictionary()


def built_once(build: Callable[Concatenate[R, P], S]) -> Callable[Concatenate[R, P], S]:
    """Keep what a repository's method builds, for each set of its arguments, which must be few.

    What differs from call to call is a `bindparam`, or a column that `execute` is given a value for.
    """

    @wraps(build)
    def built(repository: R, /, *args: P.args, **kwargs: P.kwargs) -> S:
        statements: dict[Any, S] = vars(repository).setdefault(_BUILT, {})
        key = (build.__name__, args, *kwargs.items())
        if key not in statements:
            statement = statements[key] = build(repository, *args, **kwargs)
            _compiled[statement] = {}
        return statements[key]

    return built


def given(prefix: str, columns: Iterable[Any]) -> dict[Any, ColumnElement[Any]]:
    """A parameter for each column, where the database can't tell the type from where it stands: in a SELECT.

    `values_of` has their values.
    """
    return {column: cast(bindparam(f"{prefix}_{column.key}", type_=column.type), column.type) for column in columns}


def typed(columns: Mapping[Any, Any]) -> list[ColumnElement[Any]]:
    """What a SELECT gives for these columns: expressions as they are, values with the columns' types."""
    return [
        value if isinstance(value, ColumnElement) else literal(value, column.type) for column, value in columns.items()
    ]


def values_of(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the parameters of `given`, by the columns' names."""
    return {f"{prefix}_{name}": value for name, value in values.items()}


def _compiled_for(dialect: Dialect, statement: Executable, keys: tuple[str, ...]) -> _Compiled | None:
    """None for a statement that was not built once, and on SQLite, whose driver is SQLAlchemy's own adapter."""
    known = _compiled.get(statement)
    if known is None or dialect.name == "sqlite":
        return None
    key = (dialect.name, *keys)
    if key not in known:
        known[key] = _Compiled(statement, dialect, keys)
    return known[key]


async def rows(
    connection: AsyncConnection, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[Sequence[Any]]:
    """Run a statement; the rows that it gives, whose values are in the order of its columns.

    One that was built once goes straight to a server's driver, unless it is given a list. Errors are SQLAlchemy's
    either way.
    """
    parameters = parameters or {}
    compiled = _compiled_for(connection.dialect, statement, tuple(parameters))
    if compiled is None or compiled.takes_lists:
        result = await connection.execute(statement, parameters)
        return result.all() if result.returns_rows else ()
    cursor = connection.dialect.loaded_dbapi.AsyncRawCursor(driver_of(connection))
    try:
        await cursor.execute(compiled.text, compiled.parameters(parameters))
        found = await cursor.fetchall() if compiled.gives_rows else ()
    except connection.dialect.loaded_dbapi.Error as error:
        raise await error_of(connection, error) from error
    return compiled.rows(found, cursor) if found else ()


async def first(
    connection: AsyncConnection, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[Any] | None:
    """Run a statement that gives one row at most."""
    found = await rows(connection, statement, parameters)
    return found[0] if found else None


async def value(connection: AsyncConnection, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Any:
    """Run a statement that gives one value."""
    ((found,),) = await rows(connection, statement, parameters)
    return found
