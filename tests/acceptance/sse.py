"""An event stream as a client reads it: a strict parser of the WHATWG format, and connections that can be cut."""

import codecs
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import ClientResponse


class NotWellFormed(Exception):
    """The bytes are no event stream that this service should send."""


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event; `id` is the last event id that came with it or before it."""

    name: str
    id: str
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)


class Parser:
    """HTML, section 9.2.6, refusing what that algorithm would ignore: unknown fields, bad ids, an unfinished block."""

    def __init__(self, last_event_id: str = "") -> None:
        self.last_event_id = last_event_id
        self.retry: int | None = None
        self.comments = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._rest = ""
        self._id = last_event_id
        self._name = ""
        self._data: list[str] = []

    @property
    def is_between_events(self) -> bool:
        return not (self._rest or self._name or self._data or self._id != self.last_event_id)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that are complete with these bytes."""
        text = self._rest + self._decode(chunk)
        # A CR at the end may be half of a CRLF: it waits.
        whole, self._rest = (text[:-1], text[-1]) if text.endswith("\r") else (text, "")
        *lines, rest = re.split("\r\n|\n|\r", whole)
        self._rest = rest + self._rest
        return [event for event in map(self._line, lines) if event is not None]

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        self._field(name, value.removeprefix(" "))
        return None

    def _field(self, name: str, value: str) -> None:
        match name:
            case "":
                self.comments += 1
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if re.fullmatch("[0-9]+", value):
                self.retry = int(value)
            case _:
                raise NotWellFormed(f"{name}: {value}")

    def _dispatch(self) -> Event | None:
        name, data = self._name, self._data
        self._name, self._data = "", []
        self.last_event_id = self._id
        if not data:
            if name:
                raise NotWellFormed(f"an event without data: {name}")
            return None
        return Event(name or "message", self.last_event_id, "\n".join(data))


class EventStream:
    """One connection. Iterating gives its events; with `cut_after` it breaks off behind so many bytes of the body."""

    def __init__(self, response: ClientResponse, *, last_event_id: str = "", cut_after: int | None = None) -> None:
        self.response = response
        self.parser = Parser(last_event_id)
        self.received = 0
        self._left = cut_after
        self._ready: list[Event] = []

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def last_event_id(self) -> str:
        """What to resume from."""
        return self.parser.last_event_id

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            if not await self.read():
                raise StopAsyncIteration
        return self._ready.pop(0)

    async def read(self) -> bool:
        """Take in what comes next; False at the end of the stream, or where it is cut."""
        if self._left == 0:
            return False
        limit = 2**16 if self._left is None else self._left
        chunk = await self.response.content.read(limit)
        if not chunk:
            if not self.parser.is_between_events:
                raise NotWellFormed("the stream ended in the middle of an event")
            return False
        self.received += len(chunk)
        self._left = None if self._left is None else self._left - len(chunk)
        self._ready += self.parser.feed(chunk)
        return True

    async def until(self, *names: str) -> list[Event]:
        """The events up to the first of one of these names, it included."""
        events = []
        async for event in self:
            events.append(event)
            if event.name in names:
                return events
        raise NotWellFormed(f"the stream ended before {names}, after {[event.name for event in events]}")

    async def next(self) -> Event:
        """The next event."""
        return await anext(self)

    async def rest(self) -> list[Event]:
        """Everything to the end of the stream."""
        return [event async for event in self]


async def names(stream: AsyncIterator[Event]) -> list[str]:
    """What the events of a whole stream are called."""
    return [event.name async for event in stream]
