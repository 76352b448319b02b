"""Schemathesis, with every check on, against a service that is started for it: what the API does is what it says.

make fuzz [SECONDS=600]      # or: python -m benchmarks.fuzz PATH/TO/schemathesis [SECONDS]

It stands in an environment of its own, because nothing of the project needs it. The status is not 0 when a check
failed, or when the service logged an error.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.uploads import say
from tests.acceptance.client import token_of
from tests.acceptance.process import Process, serving

SECONDS = 120
PATIENCE_SECONDS = 300
"""How much longer it may take: phases that have begun are ended."""


def command(program: str, origin: str, seconds: int) -> list[str]:
    """What is run, with a token that lasts."""
    token = token_of("alice", seconds=seconds + 24 * 3600)
    options = ["--checks", "all", "--max-time", str(seconds), "--continue-on-failure", "--generation-database", "none"]
    return [program, "run", f"{origin}/openapi.json", *options, "--header", f"Authorization: Bearer {token}"]


def errors_of(process: Process) -> list[dict[str, object]]:
    """The lines of the log that tell a mistake of ours."""
    return [line for line in process.log if line["level"] not in {"debug", "info", "warning"} or "exception" in line]


def main(program: str, seconds: int) -> int:
    """Start, try, report."""
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory)) as (process, origin):
        status = subprocess.run(  # noqa: S603  # what the one at the keyboard named
            command(str(Path(program).absolute()), origin, seconds),
            cwd=directory,  # it leaves files where it stands
            timeout=seconds + PATIENCE_SECONDS,
            check=False,
        ).returncode
        errors = errors_of(process)
    for error in errors[:10]:
        say(f"the service logged: {error}")
    return status or bool(errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS))  # noqa: PLR2004  # both were given
