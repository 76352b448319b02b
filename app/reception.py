"""The reception: lets connections in, as many as there are places for, and looks after those that are open."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge

from app.connection import REASONS, Connection, Patience

LOOK_SECONDS = 1.0
LOOKS = 4


class Reception:
    """A `Door`. Where all places are taken, the connection that waited longest for a request makes room.

    So who holds connections and asks for nothing keeps nobody out. Where all are busy, the new one is turned away.
    """

    def __init__(self, patience: Patience, places: int, metrics: CollectorRegistry) -> None:
        self._patience = patience
        self._places = places
        self._waiting: dict[Connection, None] = {}
        self._busy: set[Connection] = set()
        self._next_look: asyncio.TimerHandle | None = None
        self._open = Gauge("media_connections_open", "Open connections.", registry=metrics, multiprocess_mode="livesum")
        self._cut = Counter("media_connections_cut_total", "Connections cut.", ["reason"], registry=metrics)
        for reason in REASONS:
            self._cut.labels(reason)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._busy)

    def watched(self, inner: asyncio.Protocol) -> Connection:
        """The protocol of a new connection that `inner` serves."""
        return Connection(inner, self, self._patience)

    def enter(self, connection: Connection) -> bool:
        if len(self) >= self._places and not self._make_room():
            self.cut("crowd")
            return False
        self._waiting[connection] = None
        self._open.set(len(self))
        return True

    def wait(self, connection: Connection) -> None:
        self._busy.discard(connection)
        self._waiting[connection] = None

    def work(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)
        self._busy.add(connection)

    def leave(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)
        self._busy.discard(connection)
        self._open.set(len(self))

    def cut(self, reason: str) -> None:
        self._cut.labels(reason).inc()

    def _make_room(self) -> bool:
        idle = next((each for each in self._waiting if each.is_idle), None)
        if idle is None:
            return False
        self.leave(idle)
        idle.cut("crowd")
        return True

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look after the connections for as long as the context lasts."""
        self._look()
        try:
            yield
        finally:
            if self._next_look is not None:
                self._next_look.cancel()

    def _look(self) -> None:
        for connection in (*self._waiting, *self._busy):
            connection.look()
        pause = min(LOOK_SECONDS, self._patience.write / LOOKS)
        self._next_look = asyncio.get_running_loop().call_later(pause, self._look)
