"""Rows that a statement is given as one parameter: a JSON document, which the database takes apart."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, String, Text, bindparam, cast, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

_PARAMETER = "records"


def records(dialect: str, columns: Mapping[str, TypeEngine[Any]]) -> Select[Any]:
    """The rows of the parameter, in columns of these names and types."""
    document = bindparam(_PARAMETER, type_=Text)
    if dialect == "sqlite":
        row = func.json_each(document).table_valued(column("value", Text)).c.value
        return select(*(func.json_extract(row, f"$.{name}", type_=of).label(name) for name, of in columns.items()))
    elements = func.jsonb_array_elements(cast(document, JSONB)).table_valued(column("value", JSONB))
    row = elements.render_derived("record").c.value
    return select(*(_field(row, name, of).label(name) for name, of in columns.items()))


def _field(row: ColumnElement[Any], name: str, of: TypeEngine[Any]) -> ColumnElement[Any]:
    member: ColumnElement[str] = literal_column(f"'{name}'")
    if isinstance(of, JSON):
        return row.op("->", return_type=JSONB())(member)
    text: ColumnElement[str] = row.op("->>", return_type=Text())(member)
    return text if isinstance(of, String) else cast(text, of)


def parameters_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter of `records`: each row has a value for each column."""
    return {_PARAMETER: json.dumps(list(rows))}
