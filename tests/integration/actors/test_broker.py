"""The broker: a wake-up is taken because its bell rang, not because somebody came by."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dramatiq
import pytest
from fakeredis import FakeRedis, FakeServer
from redis.exceptions import DataError
from structlog.testing import capture_logs

from actors.broker import WAKE_CHANNEL, BellBroker, BellConsumer
from actors.wakeups import BrokerWakeUps
from jobs.eventlog import LogUnavailable
from schema.messages import WORK_ACTORS

PATIENCE_SECONDS = 20
FOR_EVER_SECONDS = 3600.0


class Recorder:
    """An actor that notes the jobs that it is woken for; `hold` keeps it at its first one."""

    def __init__(self, broker: BellBroker) -> None:
        self.jobs: list[str] = []
        self._changed = threading.Condition()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        dramatiq.actor(broker=broker, actor_name=WORK_ACTORS["image"], queue_name="image")(self._work)

    def _work(self, job_id: str) -> None:
        with self._changed:
            self.jobs.append(job_id)
            self._changed.notify_all()
        self.may_go_on.wait(PATIENCE_SECONDS)

    async def until(self, count: int) -> None:
        def wait() -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: len(self.jobs) >= count, PATIENCE_SECONDS)

        assert await asyncio.to_thread(wait)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def broker(server: FakeServer) -> BellBroker:
    broker = BellBroker(FakeRedis(server=server), [])
    # Nobody comes by in the time of a test.
    broker.idle_seconds = FOR_EVER_SECONDS
    return broker


@contextmanager
def working(broker: BellBroker, threads: int = 1) -> Iterator[None]:
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=50)
    broker.emit_after("process_boot")
    worker.start()
    try:
        yield
    finally:
        broker.hasten()
        worker.stop()


async def test_a_wake_up_is_taken_by_a_worker_that_sleeps(broker: BellBroker) -> None:
    recorder, wake_ups = Recorder(broker), BrokerWakeUps(broker)
    with working(broker):
        for count in range(1, 6):
            await wake_ups.send("image", f"job-{count}")
            await recorder.until(count)

    assert recorder.jobs == [f"job-{count}" for count in range(1, 6)]


async def test_wake_ups_from_before_the_start_are_taken(broker: BellBroker) -> None:
    recorder = Recorder(broker)
    await BrokerWakeUps(broker).send("image", "job")

    with working(broker):
        await recorder.until(1)


async def test_wake_ups_sent_at_once_are_all_taken(broker: BellBroker) -> None:
    recorder, wake_ups = Recorder(broker), BrokerWakeUps(broker)
    with working(broker):
        await asyncio.gather(*(wake_ups.send("image", f"job-{count}") for count in range(20)))
        await recorder.until(20)

    assert sorted(recorder.jobs) == sorted(f"job-{count}" for count in range(20))


class NewBroker(BellBroker):
    """As in a process that has said nothing to Redis yet: what Dramatiq learns of it is kept for all brokers."""

    _max_unpack_size_val = None


async def test_the_first_wake_ups_of_a_process_may_be_several(server: FakeServer) -> None:
    broker = NewBroker(FakeRedis(server=server), [])
    wake_ups = BrokerWakeUps(broker)

    await asyncio.gather(*(wake_ups.send("image", f"job-{count}") for count in range(3)))
    await wake_ups.send("image", "one more")

    assert await wake_ups.waiting("image") == 4


async def test_what_could_not_be_said_to_any_redis_is_no_absence_of_it(broker: BellBroker) -> None:
    broker.broker_id = object()  # type: ignore[assignment]

    with pytest.raises(DataError):
        await BrokerWakeUps(broker).send("image", "job")


async def test_other_processes_are_told_once_of_what_is_sent_at_once(server: FakeServer) -> None:
    broker = BellBroker(FakeRedis(server=server), [], is_shared=True)
    listener = FakeRedis(server=server).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listener.subscribe(WAKE_CHANNEL)
    wake_ups = BrokerWakeUps(broker)

    await asyncio.gather(*(wake_ups.send("image", f"job-{count}") for count in range(3)), wake_ups.send("video", "job"))

    # The first look finds the confirmation, and says nothing.
    heard = [listener.get_message() for _ in range(4)]
    assert sorted(message["data"] for message in heard if message) == [b"image", b"video"]
    assert (await wake_ups.waiting("image"), await wake_ups.waiting("video")) == (3, 1)
    listener.close()


async def test_more_wake_ups_than_a_worker_fetches_at_once_are_all_taken(broker: BellBroker) -> None:
    recorder, wake_ups = Recorder(broker), BrokerWakeUps(broker)
    recorder.may_go_on.clear()
    with working(broker):
        for count in range(50):
            await wake_ups.send("image", f"job-{count}")
        await recorder.until(1)
        recorder.may_go_on.set()

        await recorder.until(50)

    assert sorted(recorder.jobs) == sorted(f"job-{count}" for count in range(50))


def test_a_consumer_that_has_all_it_may_have_sleeps_until_there_is_room(broker: BellBroker) -> None:
    actor = dramatiq.actor(broker=broker, actor_name=WORK_ACTORS["image"], queue_name="image")(lambda _: None)
    broker.idle_seconds = 0
    consumer = broker.consume("image", prefetch=1, timeout=50)
    first = actor.send("one")

    taken = next(consumer)
    assert taken is not None
    second = actor.send("two")
    assert next(consumer) is None
    assert not broker.bell("image").is_set()

    consumer.ack(taken)
    assert broker.bell("image").is_set()
    after = next(consumer)
    assert (taken.message_id, after and after.message_id) == (first.message_id, second.message_id)


async def test_what_waits_is_counted(broker: BellBroker) -> None:
    Recorder(broker)
    wake_ups = BrokerWakeUps(broker)

    assert await wake_ups.waiting("image") == 0
    for job_id in ("one", "two"):
        await wake_ups.send("image", job_id)

    assert (await wake_ups.waiting("image"), await wake_ups.waiting("video")) == (2, 0)


async def test_a_redis_that_is_away_is_said_to_be(broker: BellBroker, server: FakeServer) -> None:
    wake_ups = BrokerWakeUps(broker)
    server.connected = False

    with pytest.raises(LogUnavailable):
        await wake_ups.send("image", "job")
    with pytest.raises(LogUnavailable):
        await wake_ups.waiting("image")


def test_a_consumer_outlasts_a_redis_that_is_away_and_says_so_once(broker: BellBroker, server: FakeServer) -> None:
    actor = dramatiq.actor(broker=broker, actor_name=WORK_ACTORS["image"], queue_name="image")(lambda _: None)
    broker.idle_seconds = 0
    consumer = broker.consume("image", prefetch=1, timeout=50)
    actor.send("job")

    with capture_logs() as lines:
        server.connected = False
        away = [next(consumer) for _ in range(3)]
        server.connected = True
        taken = next(consumer)

    assert away == [None, None, None]
    assert taken is not None
    assert [line["event"] for line in lines] == ["broker_interrupted", "broker_resumed"]


def test_an_acknowledgement_that_redis_does_not_hear_keeps_no_thread(broker: BellBroker, server: FakeServer) -> None:
    actor = dramatiq.actor(broker=broker, actor_name=WORK_ACTORS["image"], queue_name="image")(lambda _: None)
    broker.idle_seconds = 0
    consumer = broker.consume("image", prefetch=1, timeout=50)
    actor.send("job")
    taken = next(consumer)
    assert isinstance(consumer, BellConsumer)
    assert taken is not None

    server.connected = False
    consumer.ack(taken)

    assert consumer.outstanding_message_count == 0


def test_a_delay_is_refused_for_nobody_would_look_for_it(broker: BellBroker) -> None:
    actor = dramatiq.actor(broker=broker, actor_name=WORK_ACTORS["image"], queue_name="image")(lambda _: None)

    with pytest.raises(ValueError, match="the job row's"):
        actor.send_with_options(args=("job",), delay=10)
