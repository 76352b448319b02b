"""What commands print: tables for people, one JSON object a line for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

JsonLine = dict[str, Any]

PIPE_COLUMNS = 240
"""How wide a table is where no terminal says: nothing is cut off, and `grep` finds whole lines."""


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output, without a frame."""
    is_terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if is_terminal else PIPE_COLUMNS, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        # The first column is what one copies.
        table.add_column(heading, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(each)) for each in row))
    console.print(table)


def print_json(lines: Iterable[Mapping[str, Any]]) -> None:
    """One object a line; whatever is not ASCII is escaped, control characters among it."""
    for line in lines:
        sys.stdout.write(json.dumps(line) + "\n")


def printable(text: str) -> str:
    """`text` without what a terminal would obey: a user's prompt may hold escape sequences."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
