"""Listeners for the event bus, and the means to cut its link."""

import asyncio
from collections.abc import Callable

from fakeredis import FakeServer

PATIENCE_SECONDS = 20


class Recorder:
    """A listener that notes what it is told, in order; `until` waits for a state of the notes."""

    def __init__(self, on_heard: Callable[[bytes], None] = lambda payload: None) -> None:
        self.notes: list[str] = []
        self._on_heard = on_heard
        self._waiting: list[tuple[Callable[[list[str]], bool], asyncio.Event]] = []

    def heard(self, payload: bytes) -> None:
        self._note(payload.decode())
        self._on_heard(payload)

    def interrupted(self) -> None:
        self._note("interrupted")

    def resumed(self) -> None:
        self._note("resumed")

    async def until(self, *notes: str) -> None:
        """Wait until exactly these notes were taken; fail when they are others."""
        is_reached = asyncio.Event()
        self._waiting.append((lambda taken: len(taken) >= len(notes), is_reached))
        self._look()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await is_reached.wait()
        assert self.notes == list(notes)

    def _note(self, note: str) -> None:
        self.notes.append(note)
        self._look()

    def _look(self) -> None:
        for is_it, event in self._waiting:
            if is_it(self.notes):
                event.set()


def cut_on(server: FakeServer, word: bytes) -> Callable[[bytes], None]:
    """Cuts every link when a listener hears `word`: the next look at the link finds it down."""

    def cut(payload: bytes) -> None:
        if payload == word:
            server.connected = False
            # The fake would go on counting links that are gone.
            server.subscribers.clear()

    return cut
