"""What Prometheus scrapes of one process, and of several."""

import os
import subprocess
import sys

from prometheus_client import CollectorRegistry

from jobs.exposition import add_process_metrics, exposition, own_version, shared_metrics

COUNTING = """
from prometheus_client import CollectorRegistry, Counter, Gauge
registry = CollectorRegistry()
Counter("media_things_total", "Things.", registry=registry).inc(3)
Gauge("media_open", "Open.", registry=registry, multiprocess_mode="livesum").set(2)
input()
"""


def test_a_process_tells_what_it_is() -> None:
    registry = CollectorRegistry()
    add_process_metrics(registry)

    text = exposition(registry).decode()

    assert 'media_build_info{python="' in text
    assert f'version="{own_version()}"' in text


def test_processes_of_one_supervisor_are_told_as_one_and_the_dead_leave_their_counts_alone() -> None:
    with shared_metrics() as (environment, forget):
        directory = environment["PROMETHEUS_MULTIPROC_DIR"]
        children = [
            subprocess.Popen([sys.executable, "-c", COUNTING], stdin=subprocess.PIPE, env=os.environ | environment)
            for _ in range(2)
        ]
        for child in children:
            child.communicate(b"\n", timeout=60)
        while_alive = exposition(CollectorRegistry(), directory=directory).decode()
        forget(children[0].pid)
        afterwards = exposition(CollectorRegistry(), directory=directory).decode()

    assert "media_things_total 6.0" in while_alive
    assert "media_open 4.0" in while_alive
    assert "media_things_total 6.0" in afterwards
    assert "media_open 2.0" in afterwards
