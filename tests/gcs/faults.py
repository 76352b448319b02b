"""What goes wrong on demand: which of the next requests, and how."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Answered:
    """The request is answered with this status, and nothing of it is done."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """The request is done, and its answer does not arrive."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks after so many bytes of the body: the request's of an upload, else the answer's."""

    after: int


@dataclass(frozen=True, slots=True)
class Silent:
    """The request is not answered for as long as the fake runs."""


Fault = Answered | Lost | Cut | Silent
FAULT: web.RequestKey[Fault] = web.RequestKey("fault")


@dataclass
class Faults:
    """The faults to come by operation, in order; an operation without one goes well, or as `outage` says.

    The operations: `stat list read delete copy bucket permissions` and `start` of the JSON API; `put` (a chunk), `ask`
    (how far a session is), `cancel`; `open` and `object` of the XML API; `token`, `sign`, `email`.
    """

    closing: asyncio.Event = field(default_factory=asyncio.Event)
    counts: dict[str, int] = field(default_factory=dict)
    outage: Fault | None = None
    _waiting: dict[str, list[Fault]] = field(default_factory=dict)

    def add(self, operation: str, *faults: Fault) -> None:
        """Let the next requests for this operation go wrong, one after the other."""
        self._waiting.setdefault(operation, []).extend(faults)

    def clear(self) -> None:
        """Let everything go well from here on."""
        self._waiting.clear()

    def take(self, operation: str) -> Fault | None:
        """Count a request, and say what is to go wrong with it."""
        self.counts[operation] = self.counts.get(operation, 0) + 1
        waiting = self._waiting.get(operation)
        return waiting.pop(0) if waiting else self.outage


def cut(request: web.Request) -> None:
    """Break the request's connection now."""
    if request.transport is not None:
        request.transport.abort()
