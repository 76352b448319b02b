"""What the service answers: jobs, media, pages, and the generation result, each with all of its keys always there."""

from typing import Any, Literal

from pydantic import Field

from schema.models import MediaKind, ModelInfo
from schema.wire import Day, Moment, Wire

JobKind = Literal["image", "video", "upload", "erasure"]
JobStatus = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
MediaSource = Literal["generated", "upload"]


class JobUrls(Wire):
    """Absolute paths of one job's resources."""

    self: str
    events: str
    cancel: str


class JobAccepted(Wire):
    """The 202 of every POST that makes a job."""

    job_id: str
    status: JobStatus = "queued"
    urls: JobUrls


class JobError(Wire):
    """Why a job did not succeed; `code` is from the catalogue, `message` is for a person."""

    code: str
    message: str
    retryable: bool


class MediaItem(Wire):
    """One object of the library. Sizes in bytes and pixels; both URLs are permanent and opaque."""

    path: str
    url: str
    kind: MediaKind
    source: MediaSource
    content_type: str
    size: int
    width: int | None
    height: int | None
    duration_seconds: float | None
    thumbnail_url: str | None = Field(alias="thumbnailURL")
    placeholder: str | None
    sha256: str
    job_id: str | None
    prompt: str | None
    model: str | None
    seed: int | None
    created_at: Moment


class OutputFailure(Wire):
    """One output, counted from 0, that did not come while others did; `code` is from the catalogue."""

    index: int
    code: str
    message: str


class GenerationResult(Wire):
    """What a generation made that still lives, in the order of the outputs, and which of them did not come."""

    media: list[MediaItem]
    failures: list[OutputFailure]


class UploadOpened(Wire):
    """An upload that may begin: send exactly `headers` with each PUT to `upload_url`, at most `max_bytes` bytes."""

    job_id: str
    upload_url: str = Field(alias="uploadURL")
    object_path: str
    method: str
    headers: dict[str, str]
    expires_at: Moment
    max_bytes: int
    resumable: bool


class UploadAccepted(Wire):
    """The upload is being verified; `url` is live once `upload_complete` has come."""

    job_id: str
    url: str
    path: str


class UploadResult(Wire):
    """A verified upload."""

    url: str
    path: str


class ModelTry(Wire):
    """A model that was tried and failed; `code` is from the catalogue."""

    model: str
    code: str


class JobView(Wire):
    """One job. `progress` is 0-100, or null when nothing real is known; `queue_position` counts from 1.

    `cost` is in US dollars, null where nobody said what it is; `tried` are the models that failed at it, in order.
    """

    job_id: str
    kind: JobKind
    status: JobStatus
    progress: float | None
    message: str | None
    queue_position: int | None
    request: dict[str, Any]
    result: GenerationResult | UploadResult | None
    error: JobError | None
    attempts: int
    tried: list[ModelTry]
    cost: float | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class JobPage(Wire):
    """One page of jobs, newest first."""

    items: list[JobView]
    next_cursor: str | None


class MediaPage(Wire):
    """One page of media, newest first."""

    items: list[MediaItem]
    next_cursor: str | None


class UsageItem(Wire):
    """What the caller's jobs for one model came to that ended on one day, in UTC; `cost` in US dollars."""

    date: Day
    model: str
    kind: MediaKind
    jobs: int
    outputs: int
    cost: float


class Usage(Wire):
    """What the caller's jobs came to that ended from `since` to `until`, both days included; `cost` in US dollars."""

    since: Day
    until: Day
    cost: float
    items: list[UsageItem]


class Models(Wire):
    """What may be asked for."""

    items: list[ModelInfo]


class Deletion(Wire):
    """What became of one path of a bulk delete, as an HTTP status."""

    path: str
    status: Literal[204, 404]


class Deletions(Wire):
    """The answer of `POST /media/delete`, in the order of the request."""

    results: list[Deletion]


class Ticket(Wire):
    """A capability to open one event stream once; `expires_in` in seconds."""

    ticket: str
    expires_in: int


class Session(Wire):
    """The development user's token, given to the page that the service serves itself."""

    token: str
    user_id: str
    expires_at: Moment


DependencyState = Literal["ok", "failed"]


class Health(Wire):
    """The process serves."""

    status: Literal["ok"] = "ok"


class Readiness(Wire):
    """Whether the process should get requests, and how each dependency is."""

    status: Literal["ready", "unready", "draining"]
    checks: dict[str, DependencyState]


class BrokenRule(Wire):
    """One value that breaks a rule: where it is, empty for the whole, and which rule."""

    field: str
    message: str


class Problem(Wire):
    """An error (RFC 9457). Decide by `code`; `errors` is there for `invalid_request` alone."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool
    request_id: str
    errors: list[BrokenRule] | None = Field(default=None, exclude_if=lambda errors: errors is None)
