"""Garbage: what jobs leave in storage, noted in the transaction that makes it so; the janitor removes it."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.clock import Clock
from jobs.job import Job
from jobs.policies import UploadPolicy
from jobs.repositories.chores import CleanupRepository
from jobs.repositories.uploads import UploadRepository
from storage.paths import job_prefixes, upload_prefixes


def garbage_of(job: Job) -> tuple[str, ...]:
    """What the paths of everything that a job stores begin with."""
    match job.kind:
        case "image" | "video":
            return job_prefixes(job.owner, job.kind, job.id)
        case "upload":
            return upload_prefixes(job.request["objectPath"])
        case "erasure":
            return ()


class Garbage:
    """Notes what is to be removed, and when. It needs the database alone."""

    def __init__(
        self,
        cleanup: CleanupRepository,
        uploads: UploadRepository,
        *,
        lease: timedelta,
        policy: UploadPolicy,
        clock: Clock,
    ) -> None:
        self._cleanup = cleanup
        self._uploads = uploads
        self._lease = lease
        self._policy = policy
        self._clock = clock

    async def note(self, connection: AsyncConnection, prefixes: Iterable[str], *delays: timedelta) -> None:
        """Have everything below `prefixes` removed after each of `delays`.

        The later ones are for a worker or a client that is not aware yet that it is over, and stores on.
        """
        for prefix in prefixes:
            for delay in delays:
                await self._cleanup.insert(connection, prefix, delay)

    async def note_outputs(self, connection: AsyncConnection, job: Job) -> None:
        """Have what a job stored removed: now, and again when the last worker that had it must have noticed."""
        await self.note_end(connection, job, 2 * self._lease)

    async def note_end(self, connection: AsyncConnection, job: Job, *delays: timedelta) -> None:
        """Have what no library owns of an ended job removed: now, after `delays`, and what still comes by its URL."""
        # From a job's end at most, a client can be storing by an upload's URL for so long.
        late = (self._policy.url_lifetime + self._policy.grace,) if job.kind == "upload" else ()
        await self.note(connection, garbage_of(job), timedelta(), *delays, *late)

    async def note_abandoned(self, connection: AsyncConnection, job: Job) -> None:
        """Have what a given-up upload leaves removed; its client can store something until its URL expires."""
        upload = await self._uploads.of_job(connection, job.id)
        if upload is not None:
            rest = max(upload.expires_at - self._clock(), timedelta())
            await self.note(connection, garbage_of(job), timedelta(), rest + self._policy.grace)
