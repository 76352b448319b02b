"""What the tests of the child pool send children to do."""

import os
import resource
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def count(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield {"n": 0} up to {"n": to - 1}."""
    for n in range(arguments["to"]):
        yield {"n": n}


def introduce(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Tell what the process knows about itself."""
    del arguments
    yield {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "niceness": os.nice(0),
        "environment": dict(os.environ),
        "path": sys.path,
        "directory": str(Path.cwd()),
        "memory_limit": resource.getrlimit(resource.RLIMIT_AS)[0],
    }


def work_for_ever(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Say the process id once, then keep the processor busy without end."""
    del arguments
    yield {"pid": os.getpid()}
    while True:
        sum(range(1000))


def flood(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield without end."""
    del arguments
    while True:
        yield {"pid": os.getpid(), "filling": "x" * 10_000}


def die(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Say something, then end the process with a return code."""
    yield {"pid": os.getpid()}
    os._exit(arguments["returncode"])


def fail(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Say something, then raise."""
    yield {"pid": os.getpid()}
    raise LookupError(arguments["text"])


def chatter(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Write to stdout in every way there is, and read stdin."""
    print('{"message": {"forged": true}}', flush=True)  # noqa: T201  # the point of it
    os.write(1, b'{"message": {"forged": true}}\n')
    yield {"stdin": sys.stdin.read(), "argument": arguments["text"]}


def ramble(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one message longer than any may be."""
    yield {"text": "x" * arguments["length"]}


def confuse(arguments: Mapping[str, Any]) -> Iterator[object]:
    """Yield what is no JSON object."""
    yield arguments["value"]


def hoard(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Take memory, open files, or write a file of `bytes` at `file`."""
    yield {"taken": len(bytearray(arguments.get("memory", 0)))}
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(arguments.get("files", 0))]
    if "file" in arguments:
        Path(arguments["file"]).write_bytes(bytes(arguments["bytes"]))
    yield {"opened": len(files)}
