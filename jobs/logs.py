"""The log: one structured line for each event, JSON for machines and colours for a terminal."""

import logging
import sys
from typing import TextIO

import structlog

from schema.settings import Settings

SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# One list, however often the log is configured: loggers keep the one that they began with, and whoever captures what
# is logged changes the latest.
PROCESSORS = [*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]


def configure_logs(settings: Settings, stream: TextIO = sys.stderr) -> None:
    """Send everything, libraries included, through one formatter to `stream`."""
    is_console = settings.log_format == "console" or (settings.log_format == "auto" and stream.isatty())
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if is_console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # Their information is ours to give: a message's arguments are ids, and each request has its own line. The driver
    # would tell every statement's parameters, prompts among them.
    for name in ("dramatiq", "aiohttp.access", "alembic", "asyncio", "aiosqlite", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of several workers on one broker, which is what a worker for each queue is.
    logging.getLogger("dramatiq.broker").setLevel(logging.ERROR)
