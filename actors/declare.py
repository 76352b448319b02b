"""The actors: plain async functions, bound to a broker and to the services that they need."""

from typing import Any

import dramatiq

from actors.broker import BellBroker
from actors.runner import Runner
from schema.messages import WORK_ACTORS
from schema.responses import JobKind


def declare_actors(broker: BellBroker, runner: Runner) -> None:
    """Declare one actor and one queue for each kind of job.

    A message is a wake-up: the job that it names may be claimed by then, and the one that is claimed is the one
    whose turn it is.
    """
    for kind, actor_name in WORK_ACTORS.items():
        dramatiq.actor(_worker_of(kind, runner), broker=broker, actor_name=actor_name, queue_name=kind)


def _worker_of(kind: JobKind, runner: Runner) -> Any:
    async def work(_job_id: str) -> Any:
        return await runner.work(kind)

    return work
