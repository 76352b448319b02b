"""Usage: what an owner's generations came to, by day and model, counted once when a job ends."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import Clock
from jobs.database import Database
from jobs.job import Job, Use
from jobs.record import Record, record_of
from jobs.repositories.usage import UsageRepository
from schema.responses import Usage, UsageItem


class UsageMeter:
    """Counts in the transaction that ends a job."""

    def __init__(self, usage: UsageRepository, clock: Clock) -> None:
        self._usage = usage
        self._clock = clock

    async def count(self, connection: AsyncConnection, job: Job, outputs: int) -> None:
        """Count a generation that has just ended."""
        use = self.use(job, record_of(job), outputs)
        if use is not None:
            await self._usage.add(connection, use)

    def use(self, job: Job, record: Record, outputs: int) -> Use | None:
        """What is to be counted; a generation that made nothing and cost nothing leaves no trace."""
        if job.kind not in {"image", "video"} or (not outputs and record.cost is None):
            return None
        model, cost = job.request.get("model", ""), record.cost or 0.0
        return Use(job.owner, self._clock().date(), model, job.kind, outputs, cost)


class UsageReport:
    """What `GET /usage` shows."""

    def __init__(self, database: Database, usage: UsageRepository) -> None:
        self._database = database
        self._usage = usage

    async def between(self, owner: str, since: date, until: date) -> Usage:
        """What the owner's jobs came to that ended from `since` to `until`, both days included, in UTC."""
        async with self._database.reading() as connection:
            rows = await self._usage.between(connection, owner, since, until)
        items = [UsageItem(date=day, model=model, kind=kind, **sums) for day, model, kind, sums in rows]
        return Usage(since=since, until=until, cost=sum(item.cost for item in items), items=items)
