"""What surrounds the server: its log of refused requests, what the kernel keeps, and how many places there are."""

import asyncio
import logging
import socket
import sys

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from app.server import UNSENT_BYTES, bound_kernel, places, refusals_log


def test_a_refused_request_is_told_without_its_bytes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        refusals_log().exception("Error from %s", "127.0.0.1", exc_info=BadHttpMessage("Authorization: Bearer secret"))

    [record] = caplog.records
    assert (record.getMessage(), record.levelname, record.exc_info) == ("request_refused", "INFO", None)


def test_a_mistake_of_ours_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    refusals_log().exception("Error", exc_info=RuntimeError("ours"))

    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info is not None


@pytest.mark.skipif(sys.platform != "linux", reason="the bound is Linux's")
async def test_a_connection_inherits_what_the_kernel_may_keep_unsent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        bound_kernel(sock)
        sock.setblocking(False)
        with socket.create_connection(sock.getsockname()):
            accepted, _ = await asyncio.get_running_loop().sock_accept(sock)
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT_BYTES


def test_there_are_as_many_places_as_wanted_where_the_system_allows_them() -> None:
    assert places(1) == 1
