"""What the lifecycle refuses: one error for each rule, its code from the catalogue of problems."""

from collections.abc import Sequence
from dataclasses import dataclass


class JobsError(Exception):
    """A request that the lifecycle refuses; `code` is from the catalogue, `detail` is for the client."""

    code = "internal_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(JobsError):
    """There is no such thing, or it is somebody else's: existence is private."""

    code = "not_found"


class JobNotFinished(JobsError):
    """Only a finished job can be deleted."""

    code = "job_not_finished"


class QueueFull(JobsError):
    """A user, or all of them, have as many unfinished jobs as they may; `retry_after` in seconds."""

    code = "queue_full"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ContentTypeRefused(JobsError):
    """Media of this type may not be uploaded."""

    code = "unsupported_media_type"


class TooLarge(JobsError):
    """The upload has more bytes than one may have."""

    code = "payload_too_large"


class QuotaExceeded(JobsError):
    """The owner's library would have more bytes than it may."""

    code = "quota_exceeded"


class UploadIncomplete(JobsError):
    """The bytes are not in storage yet."""

    code = "upload_incomplete"


class IdempotencyKeyReused(JobsError):
    """The key came before, with another request."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field, and the rule that its value breaks."""

    field: str
    message: str


class InvalidRequest(JobsError):
    """Values that are well-formed but not allowed here."""

    code = "invalid_request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.message}" for each in errors))
        self.errors = tuple(errors)
