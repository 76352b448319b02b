"""Several web processes on one port: the kernel spreads connections over them, and a supervisor keeps them."""

import socket
import sys

import structlog

from app.main import address_of, check_combination
from jobs.exposition import shared_metrics
from jobs.signals import stop_event
from jobs.supervisor import Supervisor
from schema.settings import Settings

log = structlog.get_logger(__name__)

COMMAND = (sys.executable, "-m", "app", "serve", "--supervised")
GRACE_SECONDS = 15.0


async def supervise(settings: Settings) -> int:
    """Serve with `WEB_PROCESSES` processes until a signal says to stop; the exit status. Raises `OSError`."""
    check_combination(settings)
    stop, is_serving = stop_event(), False
    with reserved(settings) as sock, shared_metrics() as (environment, forget):

        def changed() -> None:
            nonlocal is_serving
            if supervisor.is_ready and not is_serving:
                is_serving = True
                url = settings.public_url or address_of(settings, sock)
                log.info("serving", url=f"{url}{settings.base_path}/", processes=settings.web_processes)

        supervisor = Supervisor(
            COMMAND,
            settings.web_processes,
            environment={**environment, "PORT": str(sock.getsockname()[1])},
            grace_seconds=GRACE_SECONDS,
            on_change=changed,
            on_exit=forget,
        )
        status = await supervisor.run(stop)
    log.info("stopped")
    return status


def reserved(settings: Settings) -> socket.socket:
    """A socket that holds the port for the processes and takes no connection itself: it does not listen."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((settings.host.strip("[]"), settings.port))
    except OSError:
        sock.close()
        raise
    return sock
