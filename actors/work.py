"""The port to one kind of work: what a runner does with a job once it holds the lease."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from actors.ledger import Ledger
from actors.middleware.progress import ProgressReporter
from jobs.job import Job, Media, Seat


class Deferred(Exception):
    """Nothing is wrong with the job, and its model takes nothing for `seconds`: it goes back, and nothing counts."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"for {seconds:g} s")
        self.seconds = seconds


class Refused(Exception):
    """The work can't be done, now or ever; `code` is from the catalogue, `retry_after` in seconds."""

    def __init__(self, code: str, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job: what to report to, an empty directory that is gone afterwards, and whether the lease holds.

    The ledger has what earlier attempts left, and keeps what this one leaves. `seat` is the place at the model.
    """

    job: Job
    report: ProgressReporter
    scratch: Path
    holds_lease: Callable[[], bool]
    ledger: Ledger
    seat: Seat | None = None


class Work(Protocol):
    """Does a job's work: stores what it makes, and returns what of it the library gets.

    It is cancelled when the job is, or when the lease is lost: then it stops at its next step and frees what it
    holds. It writes nothing to the database but by the ledger.
    Raises `Refused`, `Deferred`, `StorageError`, `LeaseLost`.
    """

    async def __call__(self, run: Run) -> list[Media]:
        """See it through."""
        ...
