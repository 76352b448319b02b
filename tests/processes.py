"""What the kernel knows of processes (proc(5))."""

import os
from pathlib import Path


def cpu_seconds_of(pid: int) -> float:
    """The processor time that a process has used itself."""
    return _seconds(pid, 11)


def cpu_seconds_below(pid: int) -> float:
    """What those have used that it started: children that are there, and all that have ended."""
    return _seconds(pid, 13) + sum(_seconds(child, 11) + _seconds(child, 13) for child in children_of(pid))


def children_of(pid: int) -> list[int]:
    """The processes that it started and that are there, whichever of its threads did."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _seconds(pid: int, first: int) -> float:
    """User and system time, which stand side by side; counted from behind the name, which may have anything in it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[first]) + int(fields[first + 1])) / os.sysconf("SC_CLK_TCK")
