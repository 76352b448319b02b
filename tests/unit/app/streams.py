"""What the tests of streams need: a transport that only remembers, and frames."""

import asyncio
from typing import Any

from prometheus_client import CollectorRegistry

from app.sse.frames import Batch
from app.sse.metrics import HubMetrics
from app.sse.stream import Stream
from jobs.eventid import EventId
from jobs.eventlog import Entry, frame_of, with_id

EPOCH = "0" * 15 + "1"
LATER_EPOCH = "0" * 15 + "2"


class FakeTransport(asyncio.Transport):
    """Keeps what is written; `unsent` of it count as not sent."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.unsent = 0
        self.is_aborted = False
        self._is_closing = False

    @property
    def written(self) -> bytes:
        return b"".join(self.writes)

    def write(self, data: Any) -> None:
        assert not self._is_closing
        self.writes.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def abort(self) -> None:
        self.is_aborted = self._is_closing = True


def event_id(number: int, epoch: str = EPOCH) -> EventId:
    return EventId.of(epoch, 1000 + number, 0)


def make_entry(
    number: int, *, epoch: str = EPOCH, job_id: str = "job", is_terminal: bool = False, size: int = 2
) -> Entry:
    """The event of a number; with `size` characters of data."""
    own = event_id(number, epoch)
    return Entry(own, job_id, with_id(own, frame_of("note", "x" * size)), is_terminal)


def make_batch(*numbers: int, **values: Any) -> Batch:
    """The events of these numbers, as they are heard in one turn of the loop."""
    return Batch([published(make_entry(number, **values)) for number in numbers])


def published(entry: Entry) -> bytes:
    """An event as `publish.lua` publishes it."""
    return b"%d%b\n%b" % (entry.is_terminal, entry.job_id.encode(), entry.frame)


def make_metrics() -> HubMetrics:
    return HubMetrics(CollectorRegistry())


def make_stream(transport: FakeTransport, metrics: HubMetrics | None = None, **overrides: Any) -> Stream:
    """A held stream of all jobs that is at the id 0 and keeps what comes."""
    values = {"is_chunked": False, "job_id": None, "ends_with_job": False, "limit": 1000}
    stream = Stream(metrics or make_metrics(), **(values | overrides))
    stream.begin(transport)
    stream.last = event_id(0)
    stream.keep()
    return stream
