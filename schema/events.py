"""THE event catalogue: every event that a client can receive, and the only place where one is defined."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import Field

from schema.responses import GenerationResult, JobKind, JobView, UploadResult
from schema.wire import Wire

Role = Literal["queued", "started", "progress", "complete", "failed"]


class JobEvent(Wire):
    """What every event of a job carries."""

    job_id: str


class GenerationQueued(JobEvent):
    """`queue_position` counts from 1: how many jobs of this kind are claimed until it is this one's turn."""

    kind: JobKind
    queue_position: int


class Started(JobEvent):
    """A worker began, or an upload was opened."""


class GenerationProgress(JobEvent):
    """`progress` is 100 x units done / units of the job's work, or null when only the phase is known.

    `previewURL` is there where there is something to see: a picture of what is unfinished, or the newest output of
    several. It expires with the job.
    """

    progress: float | None
    message: str | None
    attempt: int
    preview_url: str | None = Field(default=None, alias="previewURL", exclude_if=lambda url: url is None)


class GenerationComplete(JobEvent):
    """Every result is stored; an erasure has none, and an empty list of media."""

    result: GenerationResult


class Failed(JobEvent):
    """`error` is a sentence for a person, `code` is from the catalogue of problems."""

    error: str
    code: str
    retryable: bool


class UploadProgress(JobEvent):
    """Bytes stored plus bytes verified, over twice the size, in percent; null while the size is unknown."""

    progress: float | None


class UploadComplete(JobEvent):
    """The object is verified and in the library; `result` is null once a store in memory has died with it."""

    result: UploadResult | None


class MediaDeleted(Wire):
    """An object left the library."""

    path: str


class Snapshot(Wire):
    """Unfinished jobs and those finished in the last 15 minutes, newest first, at most 200."""

    jobs: list[JobView]
    truncated: bool


class Reset(Wire):
    """Why the stream can't be resumed; a snapshot follows."""

    reason: str


@dataclass(frozen=True, slots=True)
class EventType:
    """One event: its name on the wire, when it is sent, and its payload."""

    name: str
    when: str
    payload: type[Wire]
    is_terminal: bool = False


_TYPES = (
    EventType("generation_queued", "the job was accepted", GenerationQueued),
    EventType("generation_started", "a worker began (first attempt only)", Started),
    EventType("generation_progress", "a real step was done", GenerationProgress),
    EventType(
        "generation_complete",
        "every result is stored; URLs are permanent",
        GenerationComplete,
        is_terminal=True,
    ),
    EventType("generation_failed", "it ended otherwise", Failed, is_terminal=True),
    EventType("upload_started", "the upload was opened", Started),
    EventType("upload_progress", "bytes arrived, or a chunk was verified", UploadProgress),
    EventType("upload_complete", "the object is verified and in the library", UploadComplete, is_terminal=True),
    EventType("upload_failed", "it ended otherwise", Failed, is_terminal=True),
    EventType("media_deleted", "an object left the library", MediaDeleted),
    EventType("snapshot", "first on a fresh stream, and after a reset", Snapshot),
    EventType("reset", "the id to resume from is no longer kept; a snapshot follows", Reset),
)

EVENTS: Mapping[str, EventType] = MappingProxyType({each.name: each for each in _TYPES})


class _Families:
    """Which events the life of a job is told by."""

    generation: ClassVar[Mapping[Role, str]] = MappingProxyType(
        {role: f"generation_{role}" for role in ("queued", "started", "progress", "complete", "failed")}
    )
    upload: ClassVar[Mapping[Role, str]] = MappingProxyType(
        {role: f"upload_{role}" for role in ("started", "progress", "complete", "failed")}
    )


def event_name(kind: JobKind, role: Role) -> str | None:
    """The name of a role's event for a job of this kind; None where that kind has no such event.

    An erasure is told by the names of a generation, so that a client which knows those alone sees it end.
    """
    return (_Families.upload if kind == "upload" else _Families.generation).get(role)
