"""Cancelling: the move that ends a job in the queue, or that asks its worker to stop."""

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.garbage import Garbage
from jobs.job import Job
from jobs.policies import CANCELLED, dump
from jobs.repositories.jobs import JobRepository


class Cancelling:
    """Moves a job, and writes what follows from it. Telling is for the caller."""

    def __init__(self, jobs: JobRepository, *, announcer: Announcer, garbage: Garbage) -> None:
        self._jobs = jobs
        self._announcer = announcer
        self._garbage = garbage

    async def cancel(self, connection: AsyncConnection, job: Job) -> Job | None:
        """The job after the move that cancels it; None when it has ended or is being stopped already."""
        while job.status in {"queued", "running"}:
            moved = await self._jobs.move(connection, job.id, "queued", "cancel", error=dump(CANCELLED))
            if moved is not None:
                if moved.claims:
                    # An attempt before may have stored something, or still be at it.
                    await self._garbage.note_outputs(connection, moved)
                await self._announcer.failed(connection, moved, CANCELLED)
                if moved.kind == "upload":
                    await self._garbage.note_abandoned(connection, moved)
                return moved
            moved = await self._jobs.move(connection, job.id, "running", "cancel")
            if moved is not None:
                return moved
            # A worker moved it between the two: look again.
            job = await self._jobs.get(connection, job.id) or job
        return None
