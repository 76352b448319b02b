"""The actors: plain async functions, bound to a broker and to the services that they need."""

from collections.abc import Awaitable, Callable, Mapping

import dramatiq

from actors.broker import BellBroker
from actors.runner import Runner
from schema.messages import WORK_ACTORS
from schema.responses import JobKind

SOONER = -1
PRIORITIES: Mapping[JobKind, int] = {"erasure": SOONER}
"""Dramatiq's, the lowest first. An erasure stops its owner's jobs: it must not wait behind their wake-ups."""


def declare_actors(broker: BellBroker, runner: Runner) -> None:
    """Declare one actor and one queue for each kind of job.

    A message is a wake-up: the job that it names may be claimed by then, and the one that is claimed is the one
    whose turn it is.
    """
    for kind, actor_name in WORK_ACTORS.items():
        priority = PRIORITIES.get(kind, 0)
        work = _worker_of(kind, runner)
        dramatiq.actor(broker=broker, actor_name=actor_name, queue_name=kind, priority=priority)(work)


def _worker_of(kind: JobKind, runner: Runner) -> Callable[[str], Awaitable[None]]:
    async def work(_job_id: str) -> None:
        await runner.work(kind)

    return work
