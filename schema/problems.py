"""The one catalogue of error codes: what HTTP problems, failed jobs and the docs all take theirs from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One code. `status` is None for codes that only a job's `error` carries."""

    code: str
    status: int | None
    title: str
    retryable: bool = False


_TYPES = (
    ProblemType("malformed_json", 400, "The body is not well-formed JSON."),
    ProblemType("bad_request", 400, "The request can't be understood."),
    ProblemType("unauthenticated", 401, "A valid access token is needed."),
    ProblemType("forbidden", 403, "This request is not allowed."),
    ProblemType("not_found", 404, "There is nothing here."),
    ProblemType("method_not_allowed", 405, "This method does not work here."),
    ProblemType("request_timeout", 408, "The request took too long to arrive.", retryable=True),
    ProblemType("job_not_finished", 409, "The job has not finished."),
    ProblemType("upload_incomplete", 409, "The uploaded object is not there.", retryable=True),
    ProblemType("idempotency_in_progress", 409, "The first request with this key is still going on.", retryable=True),
    ProblemType("object_exists", 412, "The upload was done already."),
    ProblemType("payload_too_large", 413, "The body is too large."),
    ProblemType("unsupported_media_type", 415, "This content type is not accepted."),
    ProblemType("range_not_satisfiable", 416, "The range lies outside of the object."),
    ProblemType("expectation_failed", 417, "The expectation can't be met."),
    ProblemType("content_mismatch", 422, "The content is not what it was declared to be."),
    ProblemType("invalid_request", 422, "A value breaks a rule."),
    ProblemType("idempotency_key_reused", 422, "This key was used with another request."),
    ProblemType("queue_full", 429, "Too many jobs are waiting.", retryable=True),
    ProblemType("rate_limited", 429, "Too many requests.", retryable=True),
    ProblemType("internal_error", 500, "Something went wrong on our side.", retryable=True),
    ProblemType("dependency_unavailable", 503, "A service that this one needs is down.", retryable=True),
    ProblemType("draining", 503, "This process is shutting down.", retryable=True),
    ProblemType("storage_full", 507, "The store has no room left."),
    ProblemType("cancelled", None, "The job was cancelled."),
    ProblemType("worker_lost", None, "The workers that tried this job were lost.", retryable=True),
    ProblemType("deadline_exceeded", None, "The job ran out of time.", retryable=True),
    ProblemType("upload_expired", None, "The upload was never completed.", retryable=True),
    ProblemType("invalid_input", None, "The provider refused the request."),
    ProblemType("content_policy", None, "The provider's content policy refused the request."),
    ProblemType("quota_exceeded", 413, "A quota is used up."),
    ProblemType("provider_unavailable", None, "The provider is down.", retryable=True),
    ProblemType("timeout", None, "The provider took too long.", retryable=True),
    ProblemType("no_output", None, "The provider finished without any media.", retryable=True),
    ProblemType("model_retired", None, "The provider no longer has this model."),
    ProblemType("provider_error", None, "The provider failed.", retryable=True),
)

PROBLEMS: Mapping[str, ProblemType] = MappingProxyType({each.code: each for each in _TYPES})
