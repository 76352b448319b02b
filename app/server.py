"""The server: the application on a socket, with bounds on what connections may cost."""

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from app.connection import Patience
from app.keys import METRICS
from app.reception import Reception
from schema.settings import Settings

log = structlog.get_logger(__name__)

MAX_FIELD_BYTES: Final = 16 * 1024
"""Of one header field: more than the longest token that is taken."""
UNSENT_BYTES: Final = 128 * 1024
"""What the kernel takes beyond what is on its way; else it takes up to 4 MiB for a client that does not read."""
BACKLOG: Final = 1024
"""Connections that the kernel accepts ahead of the process."""
OTHER_FILES: Final = 256
"""What a process has open beside connections to it: the database, Redis, children, the store's files."""


@asynccontextmanager
async def serving(
    app: web.Application, sock: socket.socket, settings: Settings, *, shutdown_seconds: float
) -> AsyncIterator[None]:
    """Serve on a listening socket for as long as the context lasts; requests under way then get `shutdown_seconds`."""
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=shutdown_seconds,
        keepalive_timeout=settings.keep_alive_seconds,
        max_field_size=MAX_FIELD_BYTES,
        logger=refusals_log(),
    )
    try:
        await runner.setup()
        make = runner.server
        assert make is not None  # noqa: S101  # it is there from the setup on
        patience = Patience(settings.head_seconds, settings.write_seconds)
        reception = Reception(patience, places(settings.max_connections), app[METRICS])
        bound_kernel(sock)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: reception.watched(make()), sock=sock, backlog=BACKLOG)
        try:
            with reception.looking():
                yield
        finally:
            server.close()
    finally:
        await runner.cleanup()


def bound_kernel(sock: socket.socket) -> None:
    """Bound what the kernel keeps for a client that does not read; the connections inherit it (tcp(7), Linux)."""
    with suppress(AttributeError, OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def places(wanted: int) -> int:
    """How many connections may be open: as many as `wanted`, where the system lets the process have the files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft >= needed:
        return wanted
    log.warning("few_open_files", limit=soft, setting="MAX_CONNECTIONS")
    return max(1, soft - OTHER_FILES)


def refusals_log() -> logging.Logger:
    """Where aiohttp tells of requests that it can't parse, without what it says of them.

    Its text repeats the line that it stumbled over, which may hold a token or a signature; a traceback of its parser
    helps nobody.
    """
    logger = logging.getLogger(__name__)
    logger.addFilter(_without_bytes)
    return logger


def _without_bytes(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | web.RequestPayloadError):
        record.msg, record.args, record.exc_info = "request_refused", (), None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True
