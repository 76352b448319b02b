"""What a PromQL expression asks for: which metrics, by which labels, with which values."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import promql_parser

Node = TypeVar("Node")


@dataclass(slots=True)
class Asked:
    """The metrics that an expression names, and what it says about labels of each."""

    metrics: set[str] = field(default_factory=set)
    labels: set[tuple[str, str]] = field(default_factory=set)
    """Metric and label."""
    values: set[tuple[str, str, str]] = field(default_factory=set)
    """Metric, label, and a value that it is compared with; of a pattern, each of its alternatives."""


def asked(text: str) -> Asked:
    """Read an expression. Raises `ValueError` where it is no PromQL."""
    expression = promql_parser.parse(text.replace("$__rate_interval", "5m"))
    found = Asked()
    for name, selector in _selectors(expression):
        found.metrics.add(name)
        for matcher in selector.matchers.matchers:
            found.labels.add((name, matcher.name))
            found.values |= {(name, matcher.name, value) for value in matcher.value.split("|")}
    for aggregate in _nodes(expression, promql_parser.AggregateExpr):
        labels = aggregate.modifier.labels if aggregate.modifier else ()
        found.labels |= {(name, label) for name, _ in _selectors(aggregate.expr) for label in labels}
    return found


def _selectors(expression: promql_parser.Expr) -> Iterator[tuple[str, promql_parser.VectorSelector]]:
    """Everything that selects series, and the metric. Raises `ValueError` where none is named."""
    whole = list(_nodes(expression, promql_parser.VectorSelector))
    whole += [each.vector_selector for each in _nodes(expression, promql_parser.MatrixSelector)]
    for selector in whole:
        if not selector.name:
            raise ValueError("a selector without a name")
        yield selector.name, selector


def _nodes(expression: promql_parser.Expr, kind: type[Node]) -> Iterator[Node]:
    found: list[Node] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, kind):
            found.append(node)

    promql_parser.walk(expression, visit)
    yield from found
