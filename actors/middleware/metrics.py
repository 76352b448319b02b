"""Metrics: what is being worked on, how runs end, and how long they take, by kind and model."""

import dramatiq
from dramatiq.broker import Broker, MessageProxy
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schema.responses import JobKind

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics(dramatiq.Middleware):
    """Counts messages by its hooks, and runs by what the runner tells it: a wake-up that found no job is no run."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._busy = Gauge(
            "media_worker_busy", "Messages being worked on.", registry=registry, multiprocess_mode="livesum"
        )
        self._runs = Counter("media_runs_total", "Runs by how they ended.", ["kind", "ending"], registry=registry)
        self._seconds = Histogram(
            "media_run_seconds", "Duration of runs.", ["model"], registry=registry, buckets=_SECONDS
        )

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._busy.inc()

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: object = None, exception: BaseException | None = None
    ) -> None:
        self._busy.dec()

    def run_ended(self, kind: JobKind, model: str, ending: str, seconds: float) -> None:
        """One run of a job has ended."""
        self._runs.labels(kind, ending).inc()
        self._seconds.labels(model).observe(seconds)
