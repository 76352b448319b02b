"""The child's verdict against a file, and what a decoder's failure says about the file."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Literal, get_args

Reason = Literal[
    "signature",
    "type_mismatch",
    "undecodable",
    "truncated",
    "too_many_pixels",
    "too_many_frames",
    "too_many_scans",
    "too_many_parts",
    "too_many_streams",
    "too_long",
    "too_large",
    "decompression_bomb",
    "codec",
    "no_video",
    "memory",
]
REASONS: frozenset[str] = frozenset(get_args(Reason))

# A full disk or an exhausted system says nothing about the file: the attempt fails and may be repeated.
NOT_THE_FILES_FAULT = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}
    | {errno.EIO, errno.ENOENT, errno.EACCES, errno.ESTALE}
)


class Refused(Exception):
    """The file is not acceptable. `reason` is for machines, `cause` names the exception behind it, for the log."""

    def __init__(self, reason: Reason, cause: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


@contextmanager
def judging() -> Iterator[None]:
    """Around all that reads untrusted bytes: whatever a parser raises there is the file's fault, but for the above.

    Libraries raise far more than they document on hostile input (struct.error, IndexError, SystemError, warnings).
    """
    try:
        yield
    except Refused:
        raise
    except MemoryError as exc:
        raise Refused("memory", where(exc)) from exc
    except Exception as exc:
        if isinstance(exc, ImportError) or getattr(exc, "errno", None) in NOT_THE_FILES_FAULT:
            raise
        raise Refused(_reason(exc), where(exc)) from exc


def where(exc: BaseException) -> str:
    """The exception's type and the last of our lines on its way; not its text, which may quote the file."""
    steps = list(walk_tb(exc.__traceback__))
    ours = [(frame, line) for frame, line in steps if frame.f_globals.get("__name__", "").startswith("actors.")]
    place = f"{ours[-1][0].f_globals['__name__']}:{ours[-1][1]}" if ours else "?"
    return f"{type(exc).__name__} at {place}"


def _reason(exc: Exception) -> Reason:
    if getattr(exc, "errno", None) == errno.EFBIG:
        return "too_large"
    return "truncated" if "truncated" in str(exc) else "undecodable"
