"""The ids that clients resume by: the event log's epoch and the place in a user's stream, in one opaque string."""

import re
from typing import NamedTuple, Self

_FORM = re.compile(r"([0-9a-f]{16})-([0-9a-f]{12})-([0-9a-f]{8})")


class EventId(NamedTuple):
    """One entry of the log. Within an epoch ids compare as their entries' order.

    The text has fixed widths, so that ids compare as text, too, for a client that wants to.
    """

    epoch: str
    milliseconds: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.milliseconds:012x}-{self.sequence:08x}"

    @property
    def entry(self) -> str:
        """The id of the Redis stream's entry."""
        return f"{self.milliseconds}-{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id that this service wrote; None for anything else."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        epoch, milliseconds, sequence = match.groups()
        return cls(epoch, int(milliseconds, 16), int(sequence, 16))

    @classmethod
    def of_entry(cls, epoch: str, entry: str) -> Self:
        """The id of a Redis stream's entry such as `1763836800000-0`."""
        milliseconds, _, sequence = entry.partition("-")
        return cls(epoch, int(milliseconds), int(sequence))
