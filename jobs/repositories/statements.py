"""Statements that are built once: building one takes the processor longer than running it takes the database."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

_BUILT = "_built_statements"


def built_once(build: Callable[Concatenate[R, P], S]) -> Callable[Concatenate[R, P], S]:
    """Keep what a repository's method builds, for each set of its arguments, which must be few.

    What differs from call to call is a `bindparam`, or a column that `execute` is given a value for.
    """

    @wraps(build)
    def built(repository: R, /, *args: P.args, **kwargs: P.kwargs) -> S:
        statements: dict[Any, S] = vars(repository).setdefault(_BUILT, {})
        key = (build.__name__, args, *kwargs.items())
        if key not in statements:
            statements[key] = build(repository, *args, **kwargs)
        return statements[key]

    return built
