"""Reading server-sent events (HTML, section 9.2.6) from bytes as they come."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 2**20


@dataclass(frozen=True, slots=True)
class Frame:
    """One event; `id` is what to resume behind."""

    name: str
    id: str
    data: Any


class NotAnEvent(Exception):
    """What came is no event stream of this service."""


class FrameReader:
    """Puts events together. `last_id` is the id to resume behind, `retry_seconds` how long the server asks to wait."""

    def __init__(self, last_id: str = "", retry_seconds: float = 3.0) -> None:
        self.last_id = last_id
        self.retry_seconds = retry_seconds
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._rest = ""
        self._name, self._id = "", last_id
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The events that are complete with these bytes. Raises `NotAnEvent`."""
        try:
            self._rest += self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise NotAnEvent("it is not UTF-8") from error
        # The service ends its lines with a line feed; a carriage return before it would be a proxy's.
        *lines, self._rest = self._rest.split("\n")
        if len(self._rest) + sum(map(len, self._data)) > MOST_CHARACTERS:
            raise NotAnEvent("an event has no end")
        for line in lines:
            if frame := self._take(line.removesuffix("\r")):
                yield frame

    def _take(self, line: str) -> Frame | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_seconds = int(value) / 1000
        return None

    def _dispatch(self) -> Frame | None:
        name, data = self._name, self._data
        self._name, self._data = "", []
        # Only now: of an event that was cut off nothing has been seen.
        self.last_id = self._id
        if not data:
            return None
        try:
            return Frame(name, self.last_id, json.loads("\n".join(data)))
        except ValueError as error:
            raise NotAnEvent("its data is no JSON") from error
