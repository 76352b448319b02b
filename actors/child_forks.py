"""Inside a child that keeps what it has imported: each task runs in a fork of its own, which is gone when that ends.

What reads hostile media is to be limited by the kernel and to leave nothing behind, so each such task has a process of
its own; but to start an interpreter and to load the codecs' libraries for each would cost some fifty times the fork.
"""

import os
import select
from collections.abc import Iterable
from typing import BinaryIO, NoReturn

CHUNK_BYTES = 1 << 16
DONE = 64
"""The exit status of a fork that came to its end; a function that ends its process by itself has another."""


def send(out: BinaryIO, line: bytes) -> None:
    """Hand a line over at once. Raises `BrokenPipeError` when nobody is there to read it."""
    out.write(line)
    out.flush()


def run_in_fork(answers: Iterable[bytes], lines: BinaryIO, out: BinaryIO) -> int | None:
    """Have a fork work out `answers`, and hand them to `out` as they come; its return code, where it broke off.

    The fork is gone then. Raises `BrokenPipeError`, while it may be there still, at the end of `lines`, which is the
    parent's end.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        # Neither is the fork's: who took it over could speak for the next one.
        os.close(lines.fileno())
        os.close(out.fileno())
        _work(answers, writing)
    os.close(writing)
    try:
        _relay(reading, lines, out)
    finally:
        os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None if code == DONE else code


def _work(answers: Iterable[bytes], writing: int) -> NoReturn:
    status: object = 1
    try:
        with os.fdopen(writing, "wb") as out:
            for line in answers:
                send(out, line)
        status = DONE
    except SystemExit as exit_:
        status = exit_.code
    finally:
        # Nothing of the interpreter that this is a copy of is to be tidied up here.
        os._exit(status if isinstance(status, int) else 1)


def _relay(reading: int, lines: BinaryIO, out: BinaryIO) -> None:
    """Pass whole lines on; half a one, of a fork that died in mid-sentence, would garble the next."""
    rest = b""
    while True:
        ready, _, _ = select.select([reading, lines.fileno()], [], [])
        if lines.fileno() in ready:
            # While a task is under way nothing comes but the end.
            raise BrokenPipeError
        data = os.read(reading, CHUNK_BYTES)
        if not data:
            return
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            send(out, whole + newline)
