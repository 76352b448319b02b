"""Hints: what a server tells of a prompt over its websocket. They say how far it is, and when to look for its end."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from actors.providers.base import ProviderError, Reporter
from actors.providers.batches import Share
from actors.providers.http import Calls

_PREVIEW, _HEAD_BYTES = 1, 8
_PREVIEW_TYPES = {1: "image/jpeg", 2: "image/png"}
_NEWS = frozenset({"status", "execution_start", "execution_success", "execution_error", "execution_interrupted"})
FIRST_CONTACT_SECONDS = 5.0


class Progress:
    """How far a graph is: a unit for each node, and as many as it has steps for one that has some."""

    def __init__(self, graph: Mapping[str, Any], share: Share) -> None:
        self._weights = {name: _steps(node) for name, node in graph.items()}
        self._done = dict.fromkeys(graph, 0.0)
        self._running: str | None = None
        self._share = share

    def runs(self, node: str | None) -> None:
        """This node is at work now, and the one before it has ended; None: all have."""
        if self._running is not None and self._running != node:
            self.ended(self._running)
        self._running = node

    def ended(self, node: str) -> None:
        """A node has ended, or needed no work."""
        if node in self._done:
            self._done[node] = self._weights[node]
            self._tell("")

    def at(self, node: str, value: float, most: float) -> None:
        """A node says how far it is itself."""
        if node in self._done and most > 0:
            self._done[node] = max(self._done[node], self._weights[node] * min(value / most, 1.0))
            self._tell(f"Step {value:g} of {most:g}")

    def _tell(self, message: str) -> None:
        self._share.at(sum(self._done.values()), sum(self._weights.values()), message)


class Hints:
    """What is told of one prompt. `news` is set when it is worth looking where the prompt is."""

    def __init__(self, id: str, progress: Progress, report: Reporter) -> None:
        self._id = id
        self._progress = progress
        self._report = report
        self._is_connected = asyncio.Event()
        self.news = asyncio.Event()

    @asynccontextmanager
    async def heard(self, calls: Calls, pause: float) -> AsyncIterator[None]:
        """Listen until the context ends, from the first moment if the server lets us."""
        task = asyncio.create_task(self._listen(calls, pause), name=f"comfyui-{self._id}")
        try:
            async with asyncio.timeout(FIRST_CONTACT_SECONDS):
                await self._is_connected.wait()
        except TimeoutError:
            # Without them it goes as well, and nobody knows how far it is.
            pass
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _listen(self, calls: Calls, pause: float) -> None:
        while True:
            try:
                async with calls.socket(f"ws?clientId={self._id}") as socket:
                    self._is_connected.set()
                    async for message in socket:
                        self._take(message)
            except ProviderError:
                self._is_connected.set()
            self.news.set()
            await asyncio.sleep(pause)

    def _take(self, message: aiohttp.WSMessage) -> None:
        if message.type == aiohttp.WSMsgType.BINARY:
            self._take_picture(message.data)
            return
        try:
            said = json.loads(message.data)
        except (TypeError, ValueError):
            return
        match said:
            case {"type": str(name), "data": {"prompt_id": str(id), **about}} if id == self._id:
                self._take_event(name, about)
            case {"type": "status"}:
                self.news.set()

    def _take_event(self, name: str, about: Mapping[Any, Any]) -> None:
        match name, about:
            case "progress", {"node": str(node), "value": int(value) | float(value), "max": int(most) | float(most)}:
                self._progress.at(node, value, most)
            case "executing", {"node": str() | None as node}:
                self._progress.runs(node)
                if node is None:
                    self.news.set()
            case "executed", {"node": str(node)}:
                self._progress.ended(node)
            case "execution_cached", {"nodes": [*nodes]}:
                for node in nodes:
                    self._progress.ended(str(node))
            case _:
                if name in _NEWS:
                    self.news.set()

    def _take_picture(self, data: bytes) -> None:
        """An event's number and the picture's type, of four bytes each and big-endian, and the picture."""
        event, sort = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:_HEAD_BYTES], "big")
        if event == _PREVIEW and sort in _PREVIEW_TYPES:
            self._report.preview(data[_HEAD_BYTES:], _PREVIEW_TYPES[sort])


def _steps(node: object) -> float:
    match node:
        case {"inputs": {"steps": int(steps)}} if steps > 0:
            return float(steps)
    return 1.0
