"""The values that the lifecycle works with: a job, what it tells, a lease on it, and one object of the library."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from schema.models import MediaKind
from schema.responses import JobKind, JobStatus, MediaSource


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the database has it."""

    id: str
    owner: str
    kind: JobKind
    status: JobStatus
    request: dict[str, Any]
    claims: int
    attempts: int
    max_attempts: int
    lost_workers: int
    progress: float | None
    message: str | None
    error: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    origin: dict[str, str] | None = None
    """The id of the request that asked for it (`request_id`), and the trace context of the span that did."""
    record: dict[str, Any] | None = None
    """What its attempts left, as `jobs.record` reads it."""

    def may_try_again(self, failure: "Failure") -> bool:
        """Whether another attempt can help, and is left."""
        return failure.retryable and self.attempts < self.max_attempts


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is about to be written. `deadline` is from then on; None: it has none.

    One that is not eligible waits until something makes it so; one that is not woken is left to the next sweep of
    whoever can send wake-ups.
    """

    id: str
    owner: str
    kind: JobKind
    request: dict[str, Any]
    max_attempts: int
    origin: dict[str, str]
    deadline: timedelta | None = None
    is_eligible: bool = True
    is_woken: bool = True


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One lifecycle event; `payload` is JSON text, `attempt`-less because it belongs to the job as a whole."""

    id: str
    owner: str
    job_id: str | None
    seq: int
    name: str
    payload: str
    is_terminal: bool
    published_id: str | None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event of a job whose row is not written, or not read yet."""

    id: str
    seq: int
    name: str
    payload: str
    is_terminal: bool = False

    def of(self, job: Job | NewJob) -> StoredEvent:
        """The event as it is stored for this job, untold."""
        return StoredEvent(self.id, job.owner, job.id, self.seq, self.name, self.payload, self.is_terminal, None)


@dataclass(frozen=True, slots=True)
class Use:
    """What a generation came to that has ended on this day, in UTC; `cost` in US dollars."""

    owner: str
    day: date
    model: str
    kind: JobKind
    outputs: int
    cost: float


@dataclass(slots=True)
class Seat:
    """What a run holds at a model; `token` is empty at one that nothing limits. It changes when the run falls back."""

    model: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on `job` until the lease lapses; every write of the worker names `token`.

    `seconds_left` is how much time the job had until its deadline when the lease was given; None: it has none.
    `seat` is the run's place at its model; None where it needs none. `start` is the event that was written with the
    job's first lease.
    """

    job: Job
    token: str
    seconds_left: float | None = None
    seat: Seat | None = None
    start: StoredEvent | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed; `code` is from the catalogue, `retry_after` in seconds."""

    code: str
    message: str
    retryable: bool
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """Where an upload's bytes go and what they were declared to be. Sizes in bytes.

    `stored_bytes` is what had arrived when the client said that it was complete; None until then.
    """

    object_path: str
    owner: str
    job_id: str
    incoming_path: str
    file_key: str
    content_type: str
    size: int | None
    max_bytes: int
    session_url: str | None
    expires_at: datetime
    stored_bytes: int | None


@dataclass(frozen=True, slots=True)
class Media:
    """One object of a user's library."""

    id: str
    owner: str
    path: str
    file_key: str
    thumbnail_key: str | None
    kind: MediaKind
    source: MediaSource
    content_type: str
    size: int
    width: int | None
    height: int | None
    duration_seconds: float | None
    placeholder: str | None
    sha256: str
    job_id: str | None
    output_index: int
    prompt: str | None
    model: str | None
    seed: int | None
    created_at: datetime
