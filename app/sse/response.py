"""The response of an event stream: aiohttp-sse's, without its ping task, on a small kernel buffer."""

import contextlib
import random
import socket

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp_sse import EventSourceResponse

KERNEL_BUFFER_BYTES = 64 * 1024
"""The kernel would otherwise take up to 4 MiB for a client that does not read, and hide that it does not."""
RETRY_MILLISECONDS = 3000
RETRY_JITTER = 0.2


class StreamResponse(EventSourceResponse):
    """One hub beats for all connections, so this one starts no task."""

    def __init__(self) -> None:
        super().__init__(headers={"X-Content-Type-Options": "nosniff"})
        self.headers["Cache-Control"] = "no-cache, no-transform"

    def close_behind(self) -> None:
        """End the connection with the stream, and say so."""
        self.headers["Connection"] = "close"
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if not self.prepared:
            self._set_tcp_user_timeout(request)
            _shrink_kernel_buffer(request.transport)
        return await web.StreamResponse.prepare(self, request)


def _shrink_kernel_buffer(transport: object) -> None:
    sock = getattr(transport, "get_extra_info", lambda _name: None)("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)


def retry_line() -> bytes:
    """How long a client should wait before it reconnects; drawn anew for each, so that they don't all come at once."""
    spread = random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)  # noqa: S311  # jitter, no secret
    return b"retry: %d\n" % round(RETRY_MILLISECONDS * spread)
