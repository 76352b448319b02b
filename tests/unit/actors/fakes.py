"""What the tests of the worker's parts need: a lease service that only remembers, and jobs."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from jobs.ids import new_id
from jobs.job import Job, Lease
from jobs.leases import LeaseService
from jobs.previews import Previews
from jobs.record import Record
from schema.responses import JobStatus
from tests.clock import ManualClock


def make_lease(**overrides: Any) -> Lease:
    """The lease of a job at its first attempt."""
    values: dict[str, Any] = {
        "id": new_id(),
        "owner": "alice",
        "kind": "image",
        "status": "running",
        "request": {"prompt": "a cat"},
        "claims": 1,
        "attempts": 1,
        "max_attempts": 3,
        "lost_workers": 0,
        "progress": None,
        "message": None,
        "error": None,
        "created_at": ManualClock.now,
        "started_at": ManualClock.now,
        "finished_at": None,
    }
    return Lease(Job(**(values | overrides)), new_id())


class FakePreviews(Previews):
    """Remembers what is stored; `hinder` may raise for whatever is done."""

    def __init__(self) -> None:
        self.hinder: Callable[[str], None] = lambda done: None
        self.done: list[str] = []

    async def begin(self, lease: Lease) -> None:
        self._note("begin")

    async def put(self, lease: Lease, number: int, content: bytes, content_type: str) -> str:
        self._note(f"put {number}")
        return f"url of {number}"

    async def url(self, path: str) -> str:
        return f"url of {path}"

    async def remove(self, lease: Lease, number: int) -> None:
        self._note(f"remove {number}")

    def _note(self, what: str) -> None:
        self.hinder(what)
        self.done.append(what)


class FakeLeases(LeaseService):
    """Remembers what it is told. `answer` is what a heartbeat gives; `hinder` may raise for whatever is told."""

    def __init__(self, *, seconds: float = 30, answer: Callable[[], JobStatus | None] = lambda: "running") -> None:
        self._seconds = seconds
        self._answer = answer
        self.hinder: Callable[[str], None] = lambda told: None
        self.beats: list[tuple[float | None, str | None]] = []
        self.told: list[Any] = []
        self.noted: list[Record] = []
        self.shown: list[str | None] = []
        self._news = asyncio.Condition()

    @property
    def duration(self) -> timedelta:
        return timedelta(seconds=self._seconds)

    @property
    def percents(self) -> list[float | None]:
        return [each[0] for each in self.told if each != "start"]

    async def heartbeat(self, lease: Lease, progress: float | None, message: str | None) -> JobStatus | None:
        await self._note(self.beats, (progress, message))
        return self._answer()

    async def note(self, lease: Lease, record: Record) -> None:
        self.hinder("note")
        self.noted.append(record)

    async def tell_start(self, lease: Lease) -> None:
        self.hinder("start")
        await self._note(self.told, "start")

    async def tell_progress(
        self, lease: Lease, progress: float | None, message: str | None, preview_url: str | None = None
    ) -> None:
        self.hinder("progress")
        self.shown.append(preview_url)
        await self._note(self.told, (progress, message))

    async def until_beats(self, count: int) -> None:
        """Return when there were so many heartbeats."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.beats) >= count)

    async def until_told(self, count: int) -> None:
        """Return when so much was told."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.told) >= count)

    async def _note(self, where: list[Any], what: object) -> None:
        async with self._news:
            where.append(what)
            self._news.notify_all()
