"""The load generator from here: what it is told, and what it measured beside what the server used meanwhile."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import cpu_seconds_of

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "bench"
SETTLE_SECONDS = 1.0

HEADERS = (
    "Host: 127.0.0.1\r\nConnection: keep-alive\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n"
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r\n'
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    "Referer: http://127.0.0.1/studio\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
)
"""What a browser sends with each request, without a token."""
DATA = '{"n":"NNNNNNNNNNNN","t":"TTTTTTTTTTTTTTTTTTTT","pad":"' + 88 * "x" + '"}'
"""An event's data as a template for the load generator; with its id and name the event is some 206 bytes."""


def request(path: str, headers: str = "") -> bytes:
    """A browser's request for a stream."""
    return f"GET {path} HTTP/1.1\r\n{HEADERS}{headers}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Target:
    """A running server: whom to read from and how, how to publish, and the processes whose time counts."""

    port: int
    requests: Sequence[bytes]
    publish_port: int
    template: bytes
    pids: Sequence[int]
    others: Sequence[int] = ()
    beginning: str = " 200 "
    """What a stream that is open has told."""

    @property
    def cpu_seconds(self) -> float:
        """The processor time that the server has used up to now."""
        return sum(map(cpu_seconds_of, self.pids))

    @property
    def other_cpu_seconds(self) -> float:
        """The same of what it relies on: Redis."""
        return sum(map(cpu_seconds_of, self.others))

    @property
    def resident_kibibytes(self) -> int:
        """Its memory."""
        return sum(resident_kibibytes_of(pid) for pid in self.pids)


def resident_kibibytes_of(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


class Load:
    """Open streams, and runs over them."""

    def __init__(self, target: Target, process: "subprocess.Popen[str]") -> None:
        self._target = target
        self._process = process
        self.ready_seconds = float(self._line().split()[1])

    def run(self, seconds: float, *, burst: int = 1, outstanding: int = 0, rate: int = 0) -> dict[str, Any]:
        """Publish for so long, and measure; see `load.c` for what the numbers mean."""
        self.begin(seconds, burst=burst, outstanding=outstanding, rate=rate)
        return self.end()

    def begin(self, seconds: float, *, burst: int = 1, outstanding: int = 0, rate: int = 0) -> None:
        """Begin a run; `end` has what became of it."""
        target = self._target
        self._before = target.cpu_seconds, target.other_cpu_seconds, time.monotonic()
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write(f"{burst} {outstanding} {rate} {seconds}\n")
        self._process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """Wait for the run's end."""
        result: dict[str, Any] = json.loads(self._line())
        target, (cpu, other, begun) = self._target, self._before
        millions = max(result["deliveries"], 1) / 1e6
        took = time.monotonic() - begun
        return result | {
            "per_second": round(result["deliveries"] / max(result["seconds"], 1e-9)),
            "cpu_per_million": round((target.cpu_seconds - cpu) / millions, 2),
            "other_cpu_per_million": round((target.other_cpu_seconds - other) / millions, 2),
            "busy": round((target.cpu_seconds - cpu) / took, 2),
        }

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended with {self._process.wait()}")
        return line


@contextmanager
def load(target: Target, streams: int, *, channels: int = 1, stalled: int = 0) -> Iterator[Load]:
    """So many open streams, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="load-") as directory:
        requests, template = Path(directory) / "requests", Path(directory) / "template"
        requests.write_bytes(b"".join(each + b"\0" for each in target.requests))
        template.write_bytes(target.template)
        arguments = [target.port, streams, channels, stalled, requests, target.publish_port, template, target.beginning]
        command = ["taskset", "-c", "1", BUILD / "load", *map(str, arguments)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # built here
            try:
                opened = Load(target, process)
                time.sleep(SETTLE_SECONDS)
                yield opened
            finally:
                assert process.stdin is not None  # noqa: S101  # it is a pipe
                process.stdin.close()
                process.wait()
