"""The objects of the fake bucket: one generation of each name, as Google keeps them without versioning."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any


class Refusal(Exception):
    """The request is answered with this status and sentence."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Stored:
    """One generation of an object."""

    name: str
    data: bytes | bytearray = field(repr=False)
    content_type: str | None
    generation: int
    created_at: datetime

    @property
    def etag(self) -> str:
        return base64.b64encode(b"\x08" + self.generation.to_bytes(8, "little")).decode()

    @property
    def resource(self) -> dict[str, Any]:
        """As the JSON API describes it."""
        described = {
            "kind": "storage#object",
            "name": self.name,
            "size": str(len(self.data)),
            "generation": str(self.generation),
            "metageneration": "1",
            "etag": self.etag,
            "timeCreated": self.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "md5Hash": base64.b64encode(hashlib.md5(self.data, usedforsecurity=False).digest()).decode(),
        }
        return described if self.content_type is None else {**described, "contentType": self.content_type}


class Bucket:
    """What is stored. `config` is what the bucket's own resource has besides its name."""

    def __init__(self, name: str, clock: Callable[[], datetime], **config: Any) -> None:
        self.name = name
        self.clock = clock
        self.config: dict[str, Any] = config
        self._objects: dict[str, Stored] = {}
        self._generations = count(1_700_000_000_000_000, 7)

    @property
    def resource(self) -> dict[str, Any]:
        return {"kind": "storage#bucket", "name": self.name, **self.config}

    def check_generation(self, name: str, expected: int | None) -> None:
        """Refuse where the object is not of this generation; 0 stands for none."""
        found = self._objects.get(name)
        if expected is not None and expected != (found.generation if found else 0):
            raise Refusal(412, "At least one of the pre-conditions you specified did not hold.")

    def put(
        self, name: str, data: bytes | bytearray, content_type: str | None, if_generation: int | None = None
    ) -> Stored:
        self.check_generation(name, if_generation)
        if not name or len(name.encode()) > 1024 or "\n" in name or "\r" in name:
            raise Refusal(400, "The object's name is none.")
        stored = Stored(name, data, content_type, next(self._generations), self.clock())
        self._objects[name] = stored
        return stored

    def get(self, name: str, generation: int | None = None) -> Stored:
        found = self._objects.get(name)
        if found is None or generation not in {None, found.generation}:
            raise Refusal(404, f"No such object: {self.name}/{name}")
        return found

    def delete(self, name: str, if_generation: int | None = None) -> None:
        """As Google does: for an object that is not there a failed condition is told before its absence."""
        self.check_generation(name, if_generation)
        del self._objects[self.get(name).name]

    def page(self, prefix: str, after: str, most: int) -> tuple[list[Stored], str | None]:
        """The next objects behind the name `after`, and the token for the page that follows."""
        names = [name for name in self._sorted() if name.startswith(prefix) and name > after]
        page = names[:most]
        return [self._objects[name] for name in page], page[-1] if len(names) > most else None

    @property
    def names(self) -> set[str]:
        """What is stored."""
        return set(self._objects)

    def _sorted(self) -> Iterator[str]:
        yield from sorted(self._objects, key=str.encode)
