"""Statements that are built once: one for each set of arguments, and none that another repository has."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, create_engine, literal, select

from jobs.clock import BoundTime
from jobs.repositories.statements import built_once


class Counting:
    def __init__(self) -> None:
        self.built: list[tuple[str, bool]] = []

    @built_once
    def statement(self, kind: str, *, is_open: bool) -> Select[Any]:
        self.built.append((kind, is_open))
        return select(literal(kind))


def test_each_set_of_arguments_is_built_once() -> None:
    repository = Counting()

    first = repository.statement("image", is_open=True)

    assert repository.statement("image", is_open=True) is first
    assert repository.statement("image", is_open=False) is not first
    assert repository.statement("video", is_open=True) is not first
    assert repository.built == [("image", True), ("image", False), ("video", True)]


def test_another_repository_builds_its_own() -> None:
    assert Counting().statement("image", is_open=True) is not Counting().statement("image", is_open=True)


def test_a_statement_that_was_built_earlier_takes_the_time_at_which_it_runs() -> None:
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    statement = select(BoundTime(iter(moments).__next__).now())

    with create_engine("sqlite://").connect() as connection:
        assert [connection.execute(statement).scalar_one() for _ in moments] == moments
