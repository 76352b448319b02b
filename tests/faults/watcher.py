"""A client that watches everything of its user, on whichever web process answers, and never gives up."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientError, ClientSession

from tests.acceptance.client import Client, token_of
from tests.acceptance.sse import Event, NotWellFormed

FINAL = frozenset({"generation_complete", "generation_failed"})
ENDED = frozenset({"succeeded", "failed", "cancelled"})
AGAIN_SECONDS = 0.05
FAILURES = (ClientError, OSError, TimeoutError, AssertionError, NotWellFormed)
"""What a client sees of a process that was killed: refusals, resets, half an event."""


class Watcher:
    """Reads `/events` as one user, resuming by id; notes each job's events, in the order in which they came."""

    def __init__(self, session: ClientSession, bases: Sequence[str], user: str) -> None:
        self.user = user
        self._clients = itertools.cycle([Client(session, base, user, token_of(user)) for base in bases])
        self._last = ""
        self._changed = asyncio.Condition()
        self.told: dict[str, list[Event]] = defaultdict(list)
        self.seen: set[tuple[str, str]] = set()
        self.shown: dict[str, str] = {}
        self.resets = 0

    @property
    def client(self) -> Client:
        """A client of the next web process."""
        return next(self._clients)

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(None), self.client.stream(last_event_id=self._last) as stream:
                    async for event in stream:
                        await self._note(event)
            except FAILURES:
                pass
            await asyncio.sleep(AGAIN_SECONDS)

    async def _note(self, event: Event) -> None:
        self._last = event.id or self._last
        async with self._changed:
            match event.name:
                case "reset":
                    self.resets += 1
                case "snapshot":
                    self.shown |= {job["jobId"]: job["status"] for job in event.data["jobs"]}
                case _ if (event.id, event.text) not in self.seen:
                    self.seen.add((event.id, event.text))
                    self.told[event.data["jobId"]].append(event)
            self._changed.notify_all()

    def finals(self, job_id: str) -> list[Event]:
        """The terminal events of a job that were told."""
        return [event for event in self.told[job_id] if event.name in FINAL]

    def is_over(self, job_id: str) -> bool:
        """Whether the client knows that a job has ended."""
        return bool(self.finals(job_id)) or self.shown.get(job_id) in ENDED

    async def until_over(self, jobs: Sequence[str], count: int) -> None:
        """Wait until the client knows the end of so many of these jobs."""
        async with self._changed:
            await self._changed.wait_for(lambda: sum(map(self.is_over, jobs)) >= count)

    async def submit(self, body: dict[str, Any], key: str) -> str:
        """Post until somebody accepts it, always with the same key; the job's id."""
        while True:
            try:
                async with asyncio.timeout(10):
                    answer = await self.client.post("/generate/image", body, **{"Idempotency-Key": key})
            except FAILURES:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if answer.status == 202:
                return str(answer.json["jobId"])
            assert answer.status in {429, 503}, answer.body
            await asyncio.sleep(AGAIN_SECONDS)
