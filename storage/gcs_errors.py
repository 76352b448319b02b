"""What Google's answers, and answers that never came, mean in the terms of the port."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import aiohttp

from storage.store import (
    ObjectNotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    StorageError,
    StorageUnavailable,
)

TRANSIENT_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})
"""After which the same request may work (cloud.google.com/storage/docs/retry-strategy)."""

_NOT_FOUND = 404  # of an object, or of the bucket
_NO_BUCKET = "bucket does not exist"
_BY_STATUS: Mapping[int, type[StorageError]] = {
    _NOT_FOUND: ObjectNotFound,
    412: PreconditionFailed,
    416: RangeNotSatisfiable,
}


class TryAgain(StorageUnavailable):  # named by what it asks for, as in the port
    """The same request may work in a moment, and not before `retry_after` seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def error_of(status: int, headers: Mapping[str, str] | None, path: str | None, message: str = "") -> StorageError:
    """Say what an answer of this status means for a request about the object at `path`, or the bucket (None)."""
    if status in TRANSIENT_STATUSES:
        return TryAgain(f"HTTP {status}", _seconds((headers or {}).get("Retry-After", "")))
    if status == _NOT_FOUND and (path is None or _NO_BUCKET in message):
        return StorageUnavailable("there is no such bucket, or upload session")
    known = _BY_STATUS.get(status)
    return StorageUnavailable(f"HTTP {status}") if known is None else known(path)


@contextmanager
def translated(path: str | None) -> Iterator[None]:
    """Turn what aiohttp raises for requests about `path`, or the bucket (None), into errors of the port."""
    try:
        yield
    except aiohttp.ClientResponseError as error:
        raise error_of(error.status, error.headers, path, error.message) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise TryAgain(type(error).__name__) from error


def _seconds(header: str) -> float:
    """Read a Retry-After that is a number; the other form, a date, Google does not send."""
    return float(header) if header.isascii() and header.isdigit() else 0.0
