"""The ids that clients resume by: the event log's epoch and the place in a user's stream, in one opaque string."""

import re
from typing import Self

_FORM = re.compile(r"[0-9a-f]{16}-[0-9a-f]{12}-[0-9a-f]{8}")
EPOCH_CHARACTERS = 16
ID_CHARACTERS = EPOCH_CHARACTERS + 1 + 12 + 1 + 8


class EventId(str):
    """One entry of the log, as the text that is on the wire: the epoch, milliseconds and a sequence number, in hex.

    The text has fixed widths, so within an epoch ids compare as their entries' order. It is kept as text because
    thousands are compared and written for each one that is taken apart.
    """

    __slots__ = ()

    @property
    def epoch(self) -> str:
        """The log that the entry is of."""
        return self[:EPOCH_CHARACTERS]

    @property
    def entry(self) -> str:
        """The id of the Redis stream's entry."""
        _, milliseconds, sequence = self.split("-")
        return f"{int(milliseconds, 16)}-{int(sequence, 16)}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id that this service wrote; None for anything else."""
        return cls(text) if _FORM.fullmatch(text) else None

    @classmethod
    def of(cls, epoch: str, milliseconds: int, sequence: int) -> Self:
        """The id of these parts."""
        return cls(f"{epoch}-{milliseconds:012x}-{sequence:08x}")

    @classmethod
    def of_entry(cls, epoch: str, entry: str) -> Self:
        """The id of a Redis stream's entry such as `1763836800000-0`."""
        milliseconds, _, sequence = entry.partition("-")
        return cls.of(epoch, int(milliseconds), int(sequence))
