"""A cable between browser and service that can be cut and put together again; the browser's address stays the same."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PORTION_BYTES = 16 * 1024


class Cable:
    """Passes bytes from a port of its own to `target`, another port of this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._is_cut = False
        self._ends: set[StreamWriter] = set()
        self._passed = 0
        self._moved = asyncio.Event()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection, and each new one, until `mend`."""
        self._is_cut = True
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def passed(self, count: int) -> None:
        """Wait until so many more bytes went towards the service."""
        aim = self._passed + count
        while self._passed < aim:
            self._moved.clear()
            await self._moved.wait()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, to its end."""
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, onward[1]}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, onward[1], counts=True))
                group.create_task(self._pass_on(onward[0], writer, counts=False))
        finally:
            self._ends -= {writer, onward[1]}

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter, *, counts: bool) -> None:
        with suppress(ConnectionError):
            while portion := await reader.read(_PORTION_BYTES):
                writer.write(portion)
                await writer.drain()
                if counts:
                    self._passed += len(portion)
                    self._moved.set()
        writer.close()


@asynccontextmanager
async def cable(target: int) -> AsyncIterator[Cable]:
    """A cable to that port, where nobody needs to listen yet."""
    laid = Cable(target)
    server = await asyncio.start_server(laid.serve, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        laid.cut()
        server.close()
