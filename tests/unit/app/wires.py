"""Stand-ins for what is on either side of a watched connection: the transport and aiohttp's protocol."""

import asyncio
from typing import Any

HEAD = b"GET /jobs HTTP/1.1\r\nHost: x\r\n\r\n"
LONG = 3600.0


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and loses its connection when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.ended = asyncio.Event()
        self.is_cut = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.ended.is_set()

    def close(self) -> None:
        self.ended.set()

    def abort(self) -> None:
        self.is_cut = True
        self.ended.set()


class Behind(asyncio.Protocol):
    """Stands for aiohttp's protocol."""

    def __init__(self) -> None:
        self.received = b""
        self.is_made = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_made = True

    def data_received(self, data: bytes) -> None:
        self.received += data
