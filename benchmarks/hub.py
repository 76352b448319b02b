"""What delivering events costs, here and elsewhere: python -m benchmarks.hub fanout service nchan floor."""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.hub_load import load
from benchmarks.hub_servers import SERVERS, pin, started, user
from jobs.eventid import EventId
from jobs.eventlog import EPOCH_KEY, channel_of
from tests.acceptance.process import Process
from tests.processes import children_of

STREAMS = 5000
SECONDS = 3.0
Row = dict[str, Any]


def fanout(name: str) -> Iterator[Row]:
    """One channel that all listen to: one event at a time, then eight."""
    with SERVERS[name](1) as target, load(target, STREAMS) as opened:
        for burst in (1, 8):
            yield {"burst": burst} | opened.run(SECONDS, burst=burst)


def users(name: str) -> Iterator[Row]:
    """A channel for each stream, as many deliveries as there is time for."""
    with SERVERS[name](STREAMS) as target, load(target, STREAMS, channels=STREAMS) as opened:
        yield opened.run(SECONDS, outstanding=500)


def latency(name: str) -> Iterator[Row]:
    """A channel for each stream, 4,000 events in a second."""
    with SERVERS[name](STREAMS) as target, load(target, STREAMS, channels=STREAMS) as opened:
        for pid in target.others:
            # The load generator looks at its clock all the time: whatever shares its processor would wait for it.
            pin(pid, 0)
        opened.run(1, rate=4000)
        yield opened.run(SECONDS, rate=4000)


def memory(name: str) -> Iterator[Row]:
    """What idle streams hold, each with a browser's headers."""
    streams = 15_000
    with SERVERS[name](streams) as target:
        with load(target, 100):
            before = target.resident_kibibytes
        with load(target, streams) as opened:
            grown = target.resident_kibibytes - before
            yield {"streams": streams, "kib_each": round(grown / streams, 2), "open_seconds": opened.ready_seconds}


def collections(name: str) -> Iterator[Row]:  # noqa: ARG001  # it is the service's own matter
    """How long full collections of garbage take, with 15,000 streams open: what came by itself, and twelve more."""
    streams = 15_000
    with started(streams, "benchmarks.watched_web") as (target, process), load(target, streams, channels=streams):
        alone = pauses_of(process)
        for _ in range(12):
            process.kill(signal.SIGUSR1)
            time.sleep(0.5)
        asked = pauses_of(process)[len(alone) :]
        yield {"streams": streams, "longest_of_itself_ms": max(alone, default=0.0), "longest_asked_ms": max(asked)}


def pauses_of(process: Process) -> list[float]:
    """Milliseconds of each full collection up to now."""
    return [json.loads(line)["ms"] for line in process.lines if '"collected"' in line]


def balance(name: str) -> Iterator[Row]:  # noqa: ARG001  # the same
    """How evenly the kernel spreads 2,000 streams over several processes on one port."""
    for processes in (2, 4):
        with started(2000, web_processes=processes) as (target, process):
            before = Counter({pid: sockets_of(pid) for pid in children_of(process.pid)})
            with load(target, 2000, channels=2000):
                held = [sockets_of(pid) - before[pid] for pid in before]
            yield {"processes": processes, "streams": sorted(held)}


def sockets_of(pid: int) -> int:
    return sum(each.readlink().name.startswith("socket:") for each in Path(f"/proc/{pid}/fd").iterdir())


def stalled(name: str) -> Iterator[Row]:
    """Sixty clients of one channel, ten of whom never read."""
    with SERVERS[name](1) as target, load(target, 60, stalled=10) as opened:
        before = target.resident_kibibytes
        yield opened.run(2 * SECONDS, rate=1000) | {"grown_kib": target.resident_kibibytes - before}


def cut(name: str) -> Iterator[Row]:
    """A channel for each of 200 streams; Redis cuts the hub's link every second."""
    with SERVERS[name](200) as target, load(target, 200, channels=200) as opened:
        seconds, cuts = 60, 0
        opened.begin(seconds, rate=1000)
        with closing(Redis(port=target.publish_port)) as redis:
            for _ in range(seconds - 1):
                time.sleep(1)
                cuts += int(redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub"))
        yield {"cuts": cuts} | opened.end()


def storm(name: str) -> Iterator[Row]:
    """A thousand clients come back at once, each 400 events behind, while 60 others are told 200 events a second."""
    with SERVERS[name](1) as target, load(target, 60) as live:
        live.run(2, rate=200)
        owner = channel_of(user(0))
        with closing(Redis(port=target.publish_port)) as redis:
            epoch, rows = str(redis.get(EPOCH_KEY), "ascii"), redis.xrange(owner, count=1)
        last = EventId.of_entry(epoch, rows[0][0].decode())
        head = target.requests[0].removesuffix(b"\r\n") + b"Last-Event-ID: %b\r\n\r\n" % str(last).encode()
        live.begin(2 * SECONDS, rate=200)
        with load(replace(target, requests=[head]), 1000) as back:
            told = back.run(10, burst=0, outstanding=390)
            yield {"open_seconds": back.ready_seconds, "others": live.end()} | told


PARTS: dict[str, Callable[[str], Iterator[Row]]] = {
    "fanout": fanout,
    "users": users,
    "latency": latency,
    "memory": memory,
    "collections": collections,
    "balance": balance,
    "stalled": stalled,
    "cut": cut,
    "storm": storm,
}


def main(arguments: Sequence[str]) -> None:
    """Run one part on the servers that are named, or on all."""
    part, *names = arguments
    for name in names or SERVERS:
        for row in PARTS[part](name):
            print(json.dumps({"part": part, "server": name} | row), flush=True)  # noqa: T201  # that is the result


if __name__ == "__main__":
    main(sys.argv[1:])
