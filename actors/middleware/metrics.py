"""Metrics: what runs, how runs end, and how long they take, by kind and model."""

import time

import dramatiq
from dramatiq.broker import Broker, MessageProxy
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from actors.runner import Outcome

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics(dramatiq.Middleware):
    """Counts the outcomes that actors return; a wake-up that found no job is none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._busy = Gauge("media_worker_busy", "Messages being worked on.", registry=registry)
        self._runs = Counter("media_runs_total", "Runs by how they ended.", ["kind", "ending"], registry=registry)
        self._seconds = Histogram(
            "media_run_seconds", "Duration of runs.", ["model"], registry=registry, buckets=_SECONDS
        )
        self._begun: dict[str, float] = {}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._busy.inc()
        self._begun[message.message_id] = time.monotonic()

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: object = None, exception: BaseException | None = None
    ) -> None:
        self._busy.dec()
        begun = self._begun.pop(message.message_id, None)
        if isinstance(result, Outcome) and begun is not None:
            self._runs.labels(result.kind, result.ending).inc()
            self._seconds.labels(result.model).observe(time.monotonic() - begun)
