"""The log: what is configured twice stays one."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from structlog.testing import capture_logs

from jobs.logs import configure_logs
from schema.settings import Settings


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_logger_that_was_used_before_the_log_was_configured_again_can_still_be_captured() -> None:
    settings = Settings.from_environment({})
    log = structlog.get_logger("once")
    configure_logs(settings, StringIO())
    log.info("first")
    configure_logs(settings, StringIO())

    with capture_logs() as lines:
        log.info("second")

    assert [line["event"] for line in lines] == ["second"]


def test_lines_go_to_the_latest_stream_alone() -> None:
    settings = Settings.from_environment({"LOG_FORMAT": "json"})
    early, late = StringIO(), StringIO()
    configure_logs(settings, early)
    configure_logs(settings, late)

    structlog.get_logger("twice").info("seen", number=1)

    assert early.getvalue() == ""
    assert '"number": 1' in late.getvalue()
