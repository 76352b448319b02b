"""How many parts a file may consist of: each costs a step, however short it is."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from actors.processing.refusal import Refused

T = TypeVar("T")

MAX_PARTS = 100_000  # a picture of 50 MiB has some 6,400, where it is written in pieces of 8 KiB


def counted(parts: Iterable[T], most: int = MAX_PARTS) -> Iterator[T]:
    """The same parts, up to the first that is too many, which is refused."""
    for number, part in enumerate(parts, start=1):
        if number > most:
            raise Refused("too_many_parts")
        yield part
