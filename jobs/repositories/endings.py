"""The success of a job: with its end go its results, what it came to, and the event that tells of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.job import Job, Media, NewEvent, Use
from jobs.repositories.events import EventRepository
from jobs.repositories.jobs import JobRepository, job_of
from jobs.repositories.media import MediaRepository
from jobs.repositories.statements import built_once, first, given, values_of
from jobs.repositories.usage import UsageRepository
from schema.tables import JobRow


class EndingRepository:
    """Statements on `job`, `media`, `usage` and `event`."""

    def __init__(
        self, jobs: JobRepository, media: MediaRepository, usage: UsageRepository, events: EventRepository
    ) -> None:
        self._jobs = jobs
        self._media = media
        self._usage = usage
        self._events = events

    async def succeed(
        self,
        connection: AsyncConnection,
        id: str,
        token: str,
        *,
        media: Sequence[Media],
        use: Use | None,
        told: NewEvent | None,
        **values: Any,
    ) -> Job | None:
        """End a running job by this lease; None where it is lost or the job no longer runs, and nothing was written.

        `values` are further columns of the job. On a server it is one statement.
        """
        if connection.dialect.name == "sqlite":
            job = await self._jobs.move(connection, id, "running", "succeed", token=token, **_END, **values)
            if job is not None:
                await self._media.insert(connection, media)
                if use is not None:
                    await self._usage.add(connection, use)
                if told is not None:
                    await self._events.store(connection, told.of(job))
            return job
        parameters = {"job": id, "token": token} | values_of("new", values)
        parameters |= self._media.parameters(media)
        parameters |= {} if use is None else self._usage.parameters(use)
        parameters |= {} if told is None else self._events.parameters(told)
        statement = self._succeed(len(media), tuple(values), counts=use is not None, tells=told is not None)
        row = await first(connection, statement, parameters)
        return None if row is None else job_of(row)

    @built_once
    def _succeed(self, outputs: int, names: tuple[str, ...], *, counts: bool, tells: bool) -> Select[Any]:
        new = given("new", [getattr(JobRow, name) for name in names])
        end = _END | dict(zip(names, new.values(), strict=True))
        ended = self._jobs.moving("running", "succeed", is_held=True).values(end).cte("ended")
        statement = select(*ended.c)
        if outputs:
            statement = statement.add_cte(self._media.insert_from(ended, outputs).cte("kept"))
        if counts:
            statement = statement.add_cte(self._usage.add_from(ended).cte("counted"))
        if tells:
            statement = statement.add_cte(self._events.insert_from(ended).cte("told"))
        return statement


_END: dict[str, Any] = {"progress": 100.0, "message": None}
