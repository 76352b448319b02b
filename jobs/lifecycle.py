"""The states of a job and the moves between them, as data; docs/jobs.md draws the same and a test compares them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from schema.responses import JobStatus

Move = Literal["claim", "succeed", "fail", "retry", "lapse", "release", "cancel", "stop", "expire"]

TRANSITIONS: Mapping[tuple[JobStatus, Move], JobStatus] = MappingProxyType(
    {
        ("queued", "claim"): "running",
        ("queued", "cancel"): "cancelled",
        ("queued", "expire"): "failed",
        ("queued", "succeed"): "succeeded",
        ("running", "succeed"): "succeeded",
        ("running", "fail"): "failed",
        ("running", "retry"): "queued",
        ("running", "lapse"): "queued",
        ("running", "release"): "queued",
        ("running", "cancel"): "cancelling",
        ("cancelling", "stop"): "cancelled",
        ("cancelling", "lapse"): "cancelled",
    }
)

TERMINAL: frozenset[JobStatus] = frozenset({"succeeded", "failed", "cancelled"})
AT_WORK: frozenset[JobStatus] = frozenset({"running", "cancelling"})
UNFINISHED: frozenset[JobStatus] = AT_WORK | {"queued"}


def after(status: JobStatus, move: Move) -> JobStatus:
    """The status that `move` leads to. Raises `KeyError` where there is no such move."""
    return TRANSITIONS[status, move]
