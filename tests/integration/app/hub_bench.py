"""The hub on a real log and a real bus, with subscribers that keep what they are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from app.sse.hub import Hub, HubLimits
from app.sse.metrics import HubMetrics
from app.sse.replay import Connection
from app.sse.stream import Stream
from jobs.eventid import EventId
from jobs.eventlog import JobMoment, frame_of
from tests.acceptance.sse import Event, Parser
from tests.factories import OWNER, Bench
from tests.unit.app.streams import FakeTransport

LIMITS = HubLimits(buffer_bytes=64 * 1024, streams_per_user=8, heartbeat_seconds=60)


class Wire(FakeTransport):
    """A transport whose client reads: `events` are those that were written.

    A slow one has no room for more after each write, until it is told to go on.
    """

    def __init__(self, *, is_slow: bool) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.parser = Parser()
        self.stream: Stream | None = None
        self._is_slow = is_slow
        self._news = asyncio.Event()
        self._waiting = asyncio.Semaphore(0)

    def write(self, data: Any) -> None:
        super().write(data)
        self.events += self.parser.feed(bytes(data))
        self._news.set()
        if self._is_slow and self.stream is not None:
            self.stream.pause_writing()
            self._waiting.release()

    async def until(self, is_enough: Callable[[list[Event]], bool]) -> list[Event]:
        """The events as soon as they are enough."""
        while not is_enough(self.events):
            self._news.clear()
            await self._news.wait()
        return self.events

    async def is_waiting(self) -> None:
        """Return when the next write is done and waits."""
        await self._waiting.acquire()

    def be_quick(self) -> None:
        """Have room from now on."""
        self._is_slow = False
        self.go_on()

    def go_on(self) -> None:
        """Let the client read what was written."""
        assert self.stream is not None
        self.stream.resume_writing()


@dataclass
class Subscriber:
    """One open stream and what its client has been told."""

    wire: Wire
    connection: Connection

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.wire.events]

    @property
    def numbers(self) -> list[int]:
        return [event.data["number"] for event in self.wire.events if event.name == "note"]

    async def until_number(self, number: int) -> list[int]:
        """The numbers told as soon as this one is among them."""
        await self.wire.until(lambda _: number in self.numbers)
        return self.numbers


@dataclass
class HubBench:
    """Opens subscribers and tells numbered events."""

    hub: Hub
    bench: Bench
    metrics: HubMetrics
    told: list[int] = field(default_factory=list)

    async def tell(
        self, number: int, *, owner: str = OWNER, job_id: str = "job", is_terminal: bool = False, pad: int = 0
    ) -> EventId:
        """An event with a number, which is its number within the job, too, and so many bytes more."""
        moment = JobMoment(number=number, is_terminal=is_terminal)
        frame = frame_of("note", json.dumps({"number": number, "pad": pad * "x"}))
        told = await self.bench.jobs.log.append(owner, job_id, job_id, frame, moment)
        assert told is not None
        return told

    @asynccontextmanager
    async def subscriber(
        self, resume_from: EventId | None = None, *, job_id: str | None = None, is_slow: bool = False
    ) -> AsyncIterator[Subscriber]:
        """An attached stream that catches up; of one job where one is named."""
        wire = Wire(is_slow=is_slow)
        stream = wire.stream = self.hub.stream(is_chunked=False, job_id=job_id, ends_with_job=job_id is not None)
        connection = Connection(OWNER, stream, _snapshot, resume_from=resume_from, tells_whole_job=job_id is not None)
        await self.hub.join(connection)
        stream.begin(wire)
        self.hub.catch_up(connection)
        try:
            yield Subscriber(wire, connection)
        finally:
            stream.finish()


async def _snapshot(cursor: EventId | None, reason: str | None) -> bytes:
    """A fallback as the handlers have it: a reset where there is a reason, then the state."""
    reset = frame_of("reset", f'{{"reason":"{reason}"}}') if reason else b""
    block = b"" if cursor is None else b"id: %b\n%b" % (str(cursor).encode(), frame_of("snapshot", "{}"))
    return reset + block


@asynccontextmanager
async def open_hub(bench: Bench, limits: HubLimits = LIMITS) -> AsyncIterator[HubBench]:
    """A hub that is started and closed again."""
    await bench.jobs.bus.start()
    metrics = HubMetrics(CollectorRegistry())
    hub = Hub(bench.jobs.log, bench.jobs.bus, limits, metrics, tell_untold=bench.jobs.outbox.tell_all_of)
    await hub.start()
    try:
        yield HubBench(hub, bench, metrics)
    finally:
        await hub.close()
