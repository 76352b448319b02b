"""How much waits in the queue and for how long, from SQL; however often it is asked for, it looks once a second."""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from typing import get_args

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from jobs.database import Database, DatabaseUnavailable
from jobs.repositories.queue import QueueRepository
from schema.responses import JobKind

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
LONGEST_LOOK_SECONDS = 1.0


class QueueWatch(Collector):
    """Gauges for each kind. While the database can't be asked they are absent: old figures would look like new ones."""

    def __init__(
        self, database: Database, queue: QueueRepository, registry: CollectorRegistry, now: Callable[[], float]
    ) -> None:
        """`now` gives seconds that never go back."""
        self._database = database
        self._queue = queue
        self._now = now
        self._next_look = -math.inf
        self._turn = asyncio.Lock()
        self._waiting: Mapping[JobKind, tuple[int, float]] = {}
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """What was seen last."""
        depth = GaugeMetricFamily("media_queue_jobs", "Jobs that could be claimed now.", labels=["kind"])
        oldest = GaugeMetricFamily(
            "media_queue_oldest_seconds", "For how long the first of them has waited.", labels=["kind"]
        )
        for kind, (count, seconds) in self._waiting.items():
            depth.add_metric([kind], count)
            oldest.add_metric([kind], seconds)
        return depth, oldest

    async def refresh(self) -> None:
        """Look, unless somebody just did. Takes a bounded time and never fails."""
        async with self._turn:
            if self._now() < self._next_look:
                return
            await self._look()
            self._next_look = self._now() + LOOK_SECONDS

    async def _look(self) -> None:
        try:
            async with self._database.stale_reading(within=LONGEST_LOOK_SECONDS) as connection:
                waiting = await self._queue.waiting(connection)
        except (DatabaseUnavailable, DBAPIError) as error:
            # The latter is a database that refuses the kind of read: all else that is measured is told nevertheless.
            log.debug("queue_unseen", error=type(error).__name__)
            self._waiting = {}
            return
        self._waiting = {kind: waiting.get(kind, (0, 0.0)) for kind in get_args(JobKind)}
