"""One connection, watched: how long a request's head takes and how big it gets, and whether its answers are taken.

aiohttp's protocol stands behind it and does the work. What is kept is what aiohttp alone does not bound.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol, cast

MAX_HEAD_BYTES: Final = 64 * 1024
_END: Final = b"\r\n\r\n"

REASONS: Final = ("head_time", "head_size", "write", "crowd")
"""Why connections are cut."""
_REFUSAL: Final = b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_LATE: Final = _REFUSAL % b"408 Request Timeout"
TOO_LARGE: Final = _REFUSAL % b"431 Request Header Fields Too Large"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take: for a request's head, and to take something of an answer. In seconds."""

    head: float
    write: float


class Door(Protocol):
    """Who lets connections in and knows of all of them."""

    def enter(self, connection: "Connection") -> bool:
        """Whether the connection may stay."""
        ...

    def work(self, connection: "Connection") -> None:
        """The connection has a request that is being handled."""
        ...

    def wait(self, connection: "Connection") -> None:
        """It waits for the next one."""
        ...

    def leave(self, connection: "Connection") -> None:
        """The connection is over."""
        ...

    def cut(self, reason: str) -> None:
        """A connection was ended for this reason."""
        ...


class Connection(asyncio.Protocol):
    """Passes everything on between a transport and the protocol `inner`; aiohttp's only if the door lets it in.

    A request's head is timed from the connection's beginning, or from its own first byte on a connection that had
    one before. How long may pass between two requests is aiohttp's keep-alive, which also ends what pretends to
    begin a request and never does.
    """

    __slots__ = (
        "_deadline",
        "_door",
        "_head",
        "_inner",
        "_is_handed_over",
        "_loop",
        "_patience",
        "_taken_at",
        "_transport",
        "_unsent",
    )

    def __init__(self, inner: asyncio.Protocol, door: Door, patience: Patience) -> None:
        self._inner = inner
        self._is_handed_over = False
        self._door = door
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._head: _Head | None = _Head()
        self._deadline: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._taken_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of a stream's protocol. The cast holds for uvloop, too, whose transports do not have this base class.
        stream = cast("asyncio.Transport", transport)
        if not self._door.enter(self):
            stream.abort()
            return
        self._transport = stream
        self._taken_at = self._loop.time()
        self._set_deadline()
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        self._clear_deadline()
        self._door.leave(self)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head is not None and not self._head.is_whole:
            self._take(self._head, data)
        if self._transport is None or self._transport.is_closing():
            return
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request or of an answer is lost with this connection but a part of a head."""
        return self._head is not None and not self._head.is_whole and self._unsent_now() == 0

    def begin(self) -> None:
        """A request is being handled."""
        self._head = None
        self._clear_deadline()
        if self._transport is not None:
            self._door.work(self)

    def hand_over(self, inner: asyncio.Protocol) -> None:
        """From now on another protocol has the connection, and keeps it: no request comes after this one."""
        self._inner = inner
        self._is_handed_over = True

    def end(self) -> None:
        """It was, and its body was read to the end: what comes now is the next one's head."""
        if self._transport is not None and not self._is_handed_over:
            self._head = _Head()
            self._door.wait(self)

    def look(self) -> None:
        """Cut the connection if what was written to it lies there for too long, an answer's end included."""
        unsent, now = self._unsent_now(), self._loop.time()
        if unsent == 0 or unsent < self._unsent:
            self._taken_at = now
        self._unsent = unsent
        if now - self._taken_at > self._patience.write:
            self.cut("write")

    def cut(self, reason: str) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._door.cut(reason)
            self._transport.abort()

    def _take(self, head: "_Head", data: bytes) -> None:
        is_whole = head.take(data)
        if head.size > MAX_HEAD_BYTES:
            self._refuse(TOO_LARGE, "head_size")
        elif is_whole:
            self._clear_deadline()
        elif self._deadline is None:
            self._set_deadline()

    def _unsent_now(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def _set_deadline(self) -> None:
        self._deadline = self._loop.call_later(self._patience.head, self._refuse, TOO_LATE, "head_time")

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, answer: bytes, reason: str) -> None:
        """Answer in the place of aiohttp, which has no whole request yet and so has said nothing."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)
            self._door.cut(reason)
            self._transport.close()


@dataclass(slots=True)
class _Head:
    """A request's head as far as it came. Only its end is looked for; to understand it is aiohttp's."""

    size: int = 0
    is_whole: bool = False
    _tail: bytes = b""

    def take(self, data: bytes) -> bool:
        """More bytes came; whether the end is there. What stands behind it is not counted."""
        text = self._tail + data
        end = text.find(_END)
        self.is_whole = end >= 0
        self.size += len(data) if end < 0 else end + len(_END) - len(self._tail)
        self._tail = text[-len(_END) + 1 :]
        return self.is_whole


def connection_of(transport: asyncio.BaseTransport | None) -> Connection | None:
    """The watched connection that a transport is of; None where there is none."""
    protocol = None if transport is None else transport.get_protocol()
    return protocol if isinstance(protocol, Connection) else None
