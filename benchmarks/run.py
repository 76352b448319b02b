"""All benchmarks by one command: python -m benchmarks.run fanout users jobs; without names, all of them.

Each part's rows are kept as JSON in `docs/benchmarks`, and drawn there as bars.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.charts import CHARTS, draw
from benchmarks.hub_load import ROOT

ROUNDS = 3
"""How often the servers of a part take turns; the machine is rarely alone."""

HUB: dict[str, tuple[str, ...]] = {
    "fanout": ("service", "nchan", "better-sse", "sse-starlette", "floor"),
    "users": ("service", "nchan+redis", "sse-starlette", "floor"),
    "latency": ("service", "nchan+redis", "sse-starlette"),
    "memory": ("service", "nchan"),
    "collections": ("service",),
    "balance": ("service",),
    "stalled": ("service",),
    "cut": ("service",),
    "storm": ("service",),
}
PARTS: dict[str, list[list[str]]] = {
    **{part: ROUNDS * [["benchmarks.hub", part, *servers]] for part, servers in HUB.items()},
    **{part: [["benchmarks.hub", part, *HUB[part]]] for part in ("memory", "collections", "balance", "cut")},
    "cost": ROUNDS * [["benchmarks.jobs", "300", "8"]],
    "submit": [["benchmarks.stack", "submit"]],
    "jobs": [["benchmarks.stack", "jobs"]],
    "listing": [["benchmarks.listing", "1000000"]],
    "uploads": [["benchmarks.uploads", "many", "50", "20"]],
}


def measured(command: Sequence[str]) -> list[dict[str, Any]]:
    """The rows that a benchmark prints, one JSON object a line; whatever else it says is shown."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    rows = []
    for line in done.stdout.splitlines():
        print(line, flush=True)  # noqa: T201  # that is the result
        if line.startswith("{"):
            rows.append(json.loads(line))
    return rows


def main(names: Sequence[str]) -> None:
    unknown = set(names) - set(PARTS)
    if unknown:
        raise SystemExit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    CHARTS.mkdir(exist_ok=True)
    for name in names or PARTS:
        rows = [row for command in PARTS[name] for row in measured(command)]
        (CHARTS / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
        draw(name, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
