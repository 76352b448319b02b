"""The outbox: lifecycle events are rows first, and told to the event log after the commit, in each job's order."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import groupby

from jobs.background import Background
from jobs.database import Database
from jobs.eventlog import Early, EventLog, JobMoment, LogUnavailable, frame_of
from jobs.job import StoredEvent
from jobs.repositories.events import EventRepository

TELL_SECONDS = 1.0
MARK_SECONDS = 0.5
OVERDUE = timedelta(seconds=2)
BATCH = 200


class Outbox:
    """Tells what is written. Losing a call is harmless: the sweeper tells what is overdue."""

    def __init__(
        self,
        database: Database,
        events: EventRepository,
        log: EventLog,
        background: Background,
        *,
        mark_seconds: float = MARK_SECONDS,
    ) -> None:
        """What was told is noted as told every `mark_seconds`."""
        self._database = database
        self._events = events
        self._log = log
        self._background = background
        self._mark_seconds = mark_seconds
        self._told: list[tuple[str, str]] = []
        self._is_marking = False
        self._marked_at = 0.0

    async def tell(self, job_id: str) -> None:
        """Tell what of one job is untold, in order. Raises `LogUnavailable`, `DatabaseUnavailable`."""
        async with self._database.reading() as connection:
            untold = await self._events.unpublished_of(connection, job_id)
        await self.tell_these(untold)

    async def told_as(self, event: StoredEvent) -> str:
        """The id that an event of a job got, which is told now if it was not; empty where the log no longer says it.

        Raises `LogUnavailable`, `DatabaseUnavailable`.
        """
        if event.published_id is None:
            # Told is not yet noted as told, and the log knows of it also when what it told is gone.
            await self.tell(event.job_id or "")
            return await self._append(event)
        return event.published_id

    async def tell_all_of(self, owner: str) -> None:
        """Tell what of a user is untold. Raises `LogUnavailable`, `DatabaseUnavailable`."""
        async with self._database.reading() as connection:
            untold = await self._events.unpublished_by(connection, owner)
        await self.tell_these(untold)

    async def tell_these(self, events: Iterable[StoredEvent]) -> None:
        """Tell these events, of which each job's come in order and without a gap."""
        told: list[tuple[str, str]] = []
        try:
            async with asyncio.timeout(TELL_SECONDS):
                for event in events:
                    # One by one: what was told before a failure is marked all the same.
                    told.append((event.id, await self._append(event)))  # noqa: PERF401
        except TimeoutError as error:
            raise LogUnavailable("the log is too slow") from error
        finally:
            self._mark_soon(told)

    async def tell_next(self, event: StoredEvent, after: int) -> None:
        """Tell an event of a job, whose last one before it has the number `after`.

        Who has just written it need not look for what else is untold, unless that one is. Raises as `tell`.
        """
        try:
            async with asyncio.timeout(TELL_SECONDS):
                published_id = await self._append(event, after)
        except Early:
            await self.tell(event.job_id or "")
        except TimeoutError as error:
            raise LogUnavailable("the log is too slow") from error
        else:
            self._mark_soon([(event.id, published_id)])

    def _mark_soon(self, told: Sequence[tuple[str, str]]) -> None:
        """Have noted what was told, now and then and in one go: each look at the database costs more than a mark.

        Where it fails, the sweeper tells it again, and the log knows that it was told.
        """
        self._told += told
        if self._told and not self._is_marking:
            self._is_marking = True
            self._background.start("mark", self._mark())

    async def _mark(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._told:
                await asyncio.sleep(max(0.0, self._marked_at + self._mark_seconds - loop.time()))
                told, self._told = self._told, []
                await self._database.single(partial(self._events.mark_published, published=told))
                self._marked_at = loop.time()
        finally:
            self._is_marking = False

    async def _append(self, event: StoredEvent, after: int = 0) -> str:
        moment = JobMoment(number=event.seq, after=after, is_terminal=event.is_terminal)
        frame = frame_of(event.name, event.payload)
        told = await self._log.append(event.owner, event.job_id or event.id, event.job_id, frame, moment)
        # Refused as told before although this row does not know it, and the log no longer says where: it is told.
        return "" if told is None else str(told)

    async def tell_overdue(self) -> int:
        """Tell what should have been told by now; how many events that were."""
        async with self._database.reading() as connection:
            overdue = await self._events.unpublished(connection, OVERDUE, BATCH)
        for job_id, group in groupby(sorted(overdue, key=_by_job), key=lambda event: event.job_id):
            # A job is told from its rows as they are now: an event before these may have been too young to be listed.
            await (self.tell_these(group) if job_id is None else self.tell(job_id))
        return len(overdue)


def _by_job(event: StoredEvent) -> tuple[str, int]:
    return event.job_id or "", event.seq
