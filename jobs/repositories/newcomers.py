"""Where in the queue jobs will be that are about to be written."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.lifecycle import AT_WORK, UNFINISHED
from jobs.repositories.queue import NEVER, PRIORITY, QueueRepository
from jobs.repositories.records import parameters_of, records
from jobs.repositories.statements import built_once, rows
from schema.responses import JobKind
from schema.tables import JobRow


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


class NewcomerRepository:
    """A statement on `job`, which says what `QueueRepository` will say of its order."""

    def __init__(self, queue: QueueRepository) -> None:
        self._queue = queue

    async def places(self, connection: AsyncConnection, kind: JobKind, owners: Sequence[str]) -> tuple[list[int], int]:
        """The places that jobs would get which these owners posted now, one after the other; and how many unfinished
        jobs all have.
        """
        ahead = Counter[str]()
        asked = []
        for number, owner in enumerate(owners):
            asked.append({"number": number, "owner": owner, "ahead": ahead[owner]})
            ahead[owner] += 1
        found = await rows(connection, self._newcomers(kind, connection.dialect.name), parameters_of(asked))
        # In the order in which they will be claimed; those of the same owner are counted already.
        turns = sorted((turn, served or NEVER, number, before) for number, before, turn, served, _ in found)
        passed = Counter[str]()
        places = dict[int, int]()
        for so_many, (_, _, number, before) in enumerate(turns):
            owner = owners[number]
            places[number] = before + so_many - passed[owner] + 1
            passed[owner] += 1
        return [places[number] for number in range(len(owners))], found[0][-1]

    @built_once
    def _newcomers(self, kind: JobKind, dialect: str) -> Select[Any]:
        """How many jobs come before each newcomer's, which is the last of its owner's and of those of equal right; its
        turn, when its owner was served where that counts, and how many unfinished jobs all have.

        Counted by owner: sorting the whole queue, as for whose turn it is, would take longer the more are waiting.
        """
        asked = records(dialect, {"number": Integer(), "owner": String(), "ahead": Integer()}).cte("asked")
        is_waiting, is_at_work = self._queue.is_claimable(kind), JobRow.status.in_(AT_WORK)
        held = (
            select(
                JobRow.owner,
                _count(is_waiting & (JobRow.priority > PRIORITY)).label("above"),
                _count(is_waiting & (JobRow.priority == PRIORITY)).label("equals"),
                _count(is_waiting).label("waiting"),
                _count(is_at_work).label("running"),
            )
            .where(JobRow.kind == kind, is_waiting | is_at_work)
            .group_by(JobRow.owner)
            .cte("held")
        )
        own, others = held.alias("own"), held.alias("others")
        owns = func.coalesce(own.c.above + own.c.equals, 0) + asked.c.ahead
        turn = owns + func.coalesce(own.c.running, 0) + 1
        # The job of another owner that has this very turn, if one has, is so far down among what is waiting.
        rank = turn - others.c.running
        sooner = case((rank <= 1, 0), (rank > others.c.waiting, others.c.waiting), else_=rank - 1)
        served = self._queue.served(asked.c.owner, kind)
        is_as_long = (turn > 1) | (self._queue.served(others.c.owner, kind) <= served)
        is_before = (rank <= others.c.above) | ((rank <= others.c.above + others.c.equals) & is_as_long)
        equal = case(((rank >= 1) & is_before, 1), else_=0)
        before = select(func.coalesce(func.sum(sooner + equal), 0)).where(others.c.owner != asked.c.owner)
        everybodys = select(func.count()).where(JobRow.status.in_(UNFINISHED)).scalar_subquery()
        place = owns + before.correlate(asked, own).scalar_subquery()
        served_first = case((turn == 1, served))
        columns = (asked.c.number, cast(place, Integer), cast(turn, Integer), served_first, everybodys)
        return select(*columns).select_from(asked.outerjoin(own, own.c.owner == asked.c.owner))
