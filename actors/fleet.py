"""The worker fleet of one host: a supervisor, its processes, and one address for their health and metrics."""

import sys

import structlog

from actors.health import HealthServer
from jobs.exposition import shared_metrics
from jobs.signals import stop_event
from jobs.supervisor import Supervisor
from schema.settings import Settings

log = structlog.get_logger(__name__)

COMMAND = (sys.executable, "-m", "actors", "--supervised")
BEYOND_DRAIN_SECONDS = 20.0
"""What a process gets after its jobs' grace: to give back what still runs, and to close."""


async def supervise(settings: Settings) -> int:
    """Keep `WORKER_PROCESSES` processes until a signal says to stop; the exit status. Raises `OSError`."""
    stop, is_working = stop_event(), False
    with shared_metrics() as (environment, forget):

        def changed() -> None:
            nonlocal is_working
            if supervisor.is_ready and not is_working:
                is_working = True
                log.info("fleet_working", processes=settings.worker_processes, url=server.url)

        supervisor = Supervisor(
            COMMAND,
            settings.worker_processes,
            environment=environment,
            grace_seconds=settings.drain_seconds + BEYOND_DRAIN_SECONDS,
            on_change=changed,
            on_exit=forget,
        )
        with HealthServer(settings.worker_host, settings.worker_port, supervisor, environment) as server:
            status = await supervisor.run(stop)
    log.info("stopped")
    return status
