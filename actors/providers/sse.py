"""Reading server-sent events from an answer's bytes, lines of any length included."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from actors.providers.failures import failure


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; `name` is "message" where the server gives none."""

    name: str
    data: str

    def object(self) -> Mapping[str, Any]:
        """The JSON object that is its data; an empty one where it is none."""
        try:
            value = json.loads(self.data)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {}


async def events_of(pieces: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[ServerEvent]:
    """The events in a stream, each at most so large. What was cut off in the middle of one is no event."""
    name, data = "", list[str]()
    async for line in _lines(pieces, most_bytes):
        if not line:
            if data:
                yield ServerEvent(name or "message", "\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        if field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))


async def _lines(pieces: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[str]:
    rest = bytearray()
    async for piece in pieces:
        # Only what is new can hold the end of the line: a picture in base64 comes in many pieces.
        searched = len(rest)
        rest += piece
        while (end := rest.find(b"\n", searched)) >= 0:
            line = rest[:end].removesuffix(b"\r")
            yield line.decode("utf-8", "replace")
            del rest[: end + 1]
            searched = 0
        if len(rest) > most_bytes:
            raise failure("provider_error", retryable=False)
