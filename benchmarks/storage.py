"""What a bucket costs the process that uses it, on the tests' own fake of one: growth in MiB, and seconds.

python -m benchmarks.storage 200        # one object of 200 MiB, up and down
python -m benchmarks.storage 20 100     # 100 objects of 20 MiB at the same time, up
"""

import os
import subprocess
import sys

from tests.gcs.served import ROOT, served_gcs

SECONDS = 600.0


def main(arguments: list[str]) -> int:
    """Have it measured; the exit status."""
    command = [sys.executable, "-m", "tests.gcs.transfer", *arguments]
    with served_gcs() as settings:
        environment = os.environ | settings
        # The command is the one above, with numbers that whoever runs this typed.
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=SECONDS, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["200"]))
