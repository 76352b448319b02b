"""What submitting, uploading, working and sweeping share: limits, wake-ups, and how a cancelled job is told."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.errors import QueueFull
from jobs.repositories.jobs import JobRepository
from schema.problems import PROBLEMS
from schema.responses import JobError, JobKind
from schema.settings import Settings

CANCELLED = JobError(code="cancelled", message=PROBLEMS["cancelled"].title, retryable=False)
OVERDUE = JobError(code="deadline_exceeded", message=PROBLEMS["deadline_exceeded"].title, retryable=True)
RETRY_AFTER_SECONDS = 5
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0


def dump(error: JobError) -> dict[str, Any]:
    """An error as the job's row keeps it."""
    return error.model_dump(by_alias=False)


def size_in_words(count: int) -> str:
    """So many bytes for a person, and never less than they are: in MiB where those are whole."""
    mebibytes, rest = divmod(count, 2**20)
    return f"{count:,} bytes" if rest else f"{mebibytes:,} MiB"


class WakeUps(Protocol):
    """How workers learn that there is work. Losing, doubling or reordering a wake-up changes nothing."""

    async def send(self, kind: JobKind, job_id: str) -> None:
        """Wake a worker of this kind; best effort, within a second. Raises `LogUnavailable`."""
        ...

    async def waiting(self, kind: JobKind) -> int:
        """How many wake-ups of this kind no worker has taken yet. Raises `LogUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked for, how often it is tried, and how long that may take; by default without an end."""

    max_queued_per_user: int
    max_queued: int
    max_attempts: int
    deadlines: Mapping[JobKind, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadPolicy:
    """What may be uploaded. Sizes in bytes, `url_lifetime` and `session_lifetime` from the opening on.

    An upload that is not completed `grace` after its URL expired is given up.
    """

    types: frozenset[str]
    max_image_bytes: int
    max_video_bytes: int
    max_bytes_per_user: int
    resumable_bytes: int
    url_lifetime: timedelta
    session_lifetime: timedelta
    grace: timedelta

    def most(self, content_type: str) -> int:
        """The most bytes that an upload of this type may have."""
        return self.max_video_bytes if content_type.startswith("video/") else self.max_image_bytes


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """How long a lease lasts, and how the pause before a retry is drawn."""

    duration: timedelta
    random: random.Random

    def pause(self, attempts: int, retry_after: float | None) -> timedelta:
        """Exponential backoff with full jitter, and never sooner than the other side asked for."""
        longest = min(FIRST_RETRY_SECONDS * 2**attempts, LONGEST_RETRY_SECONDS)
        return timedelta(seconds=max(self.random.uniform(0, longest), retry_after or 0))


async def check_room(jobs: JobRepository, connection: AsyncConnection, owner: str, limits: Limits) -> None:
    """Raise `QueueFull` when the owner has as many unfinished jobs as may be. Exact in a serializable transaction."""
    own = await jobs.unfinished(connection, owner)
    if own >= limits.max_queued_per_user:
        raise no_room(own)


def no_room(own: int) -> QueueFull:
    """What an owner is told who has so many unfinished jobs."""
    return QueueFull(f"you have {own} unfinished jobs", RETRY_AFTER_SECONDS)


def check_load(unfinished: int, limits: Limits) -> None:
    """Raise `QueueFull` when everybody together has as many unfinished jobs as may be.

    Counted before the transaction, so that those who come at once may pass by as many as they are: inside of it,
    every submit would conflict with every other, and on CockroachDB with every claim.
    """
    if unfinished >= limits.max_queued:
        raise no_capacity()


def no_capacity() -> QueueFull:
    """What anybody is told while all together have too many unfinished jobs."""
    return QueueFull("the service has too many unfinished jobs", RETRY_AFTER_SECONDS)


def limits_of(settings: Settings) -> Limits:
    """How much may be asked for, and for how long it may take, as configured."""
    deadlines: dict[JobKind, timedelta] = {
        "image": timedelta(seconds=settings.image_deadline_seconds),
        "video": timedelta(seconds=settings.video_deadline_seconds),
        "upload": timedelta(seconds=settings.upload_deadline_seconds),
    }
    return Limits(settings.max_queued_per_user, settings.max_queued, settings.max_attempts, deadlines)


def upload_policy(settings: Settings) -> UploadPolicy:
    """What may be uploaded, as configured."""
    return UploadPolicy(
        types=frozenset(settings.upload_types),
        max_image_bytes=settings.max_image_bytes,
        max_video_bytes=settings.max_video_bytes,
        max_bytes_per_user=settings.max_bytes_per_user,
        resumable_bytes=settings.resumable_bytes,
        url_lifetime=timedelta(seconds=settings.upload_seconds),
        session_lifetime=timedelta(seconds=settings.resumable_seconds),
        grace=timedelta(seconds=settings.upload_seconds),
    )
