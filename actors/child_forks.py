"""Inside a child that keeps what it has imported: each task runs in a fork of its own, which is gone when that ends.

What reads hostile media is to be limited by the kernel and to leave nothing behind, so each such task has a process of
its own; but to start an interpreter and to load the codecs' libraries for each would cost some fifty times the fork.
"""

import os
import select
import signal
from collections.abc import Callable, Iterable
from typing import BinaryIO, NoReturn

CHUNK_BYTES = 1 << 16
DONE = 64
"""The exit status of a fork that came to its end; a function that ends its process by itself has another."""

Send = Callable[[BinaryIO, bytes], None]


def run_in_fork(answers: Iterable[bytes], finished: bytes, lines: BinaryIO, out: BinaryIO, send: Send) -> int | None:
    """Have a fork work out `answers`, and hand them to `out` as they come; its return code, where it broke off.

    `finished`, the last of them, follows when the fork is gone. At the end of `lines`, which is the parent's end, fork
    and child end at once.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        # Neither is the fork's: who took it over could speak for the next one.
        os.close(lines.fileno())
        os.close(out.fileno())
        _work(answers, finished, writing, send)
    os.close(writing)
    try:
        _relay(reading, pid, lines, out, send)
    finally:
        os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == DONE:
        send(out, finished)
        return None
    return code


def _work(answers: Iterable[bytes], finished: bytes, writing: int, send: Send) -> NoReturn:
    status: object = 1
    try:
        with os.fdopen(writing, "wb") as out:
            for line in answers:
                if line != finished:
                    send(out, line)
        status = DONE
    except SystemExit as exit_:
        status = exit_.code
    finally:
        # Nothing of the interpreter that this is a copy of is to be tidied up here.
        os._exit(status if isinstance(status, int) else 1)


def _relay(reading: int, pid: int, lines: BinaryIO, out: BinaryIO, send: Send) -> None:
    """Pass whole lines on; half a one, of a fork that died in mid-sentence, would garble the next."""
    rest = b""
    while True:
        ready, _, _ = select.select([reading, lines.fileno()], [], [])
        if lines.fileno() in ready:
            # While a task is under way nothing comes but the end.
            os.kill(pid, signal.SIGKILL)
            os._exit(0)
        data = os.read(reading, CHUNK_BYTES)
        if not data:
            return
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            send(out, whole + newline)
