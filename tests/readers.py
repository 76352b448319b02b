"""A client of the event log, as the hub is one: it resumes from its last id, and starts over where the log says so."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jobs.eventid import EventId
from jobs.eventlog import CursorGone, Entry, EventLog

Told = tuple[str, dict[str, Any]]


def told(entry: Entry) -> Told:
    """An entry's event: its name and its payload."""
    _, name, data = entry.frame.decode().rstrip("\n").split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@dataclass
class LogReader:
    """Reads one owner's events and keeps all of them; `resets` are the reasons for which it had to start over."""

    log: EventLog
    owner: str
    cursor: EventId | None = None
    entries: list[Entry] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)

    async def read(self) -> list[Told]:
        """Everything told since the last call."""
        if self.cursor is None:
            self.cursor = await self.log.open(self.owner)
        fresh: list[Entry] = []
        while True:
            try:
                page = await self.log.after(self.owner, self.cursor)
            except CursorGone as gone:
                self.resets.append(gone.reason)
                self.cursor = await self.log.open(self.owner)
                continue
            if not page:
                break
            fresh += page
            self.cursor = page[-1].id
        self.entries += fresh
        return [told(entry) for entry in fresh]

    def names_of(self, job_id: str) -> list[str]:
        """The names of what was read of a job, in order."""
        return [told(entry)[0] for entry in self.entries if entry.job_id == job_id]


def names(events: Iterable[Told]) -> list[str]:
    """The names of events."""
    return [name for name, _ in events]
