"""The event bus when its link is cut: who listens learns of it, and hears again when it is back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from jobs.eventbus import RESUBSCRIBE_BATCH, BusUnavailable, EventBus
from tests.listeners import Recorder, cut_on


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def redis(server: FakeServer) -> AsyncIterator[Redis]:
    client = FakeAsyncRedis(server=server)
    yield client
    await client.aclose()


@pytest.fixture
async def bus(redis: Redis) -> AsyncIterator[EventBus]:
    bus = EventBus(redis)
    await bus.start()
    yield bus
    await bus.close()


async def test_a_cut_link_is_told_once_and_again_when_it_is_back_and_then_messages_are_heard(
    bus: EventBus, redis: Redis, server: FakeServer
) -> None:
    listener = Recorder(cut_on(server, b"cut"))
    await bus.subscribe("a", listener)
    await redis.publish("a", "cut")
    await listener.until("cut", "interrupted")

    server.connected = True
    await listener.until("cut", "interrupted", "resumed")
    await redis.publish("a", "hello")

    await listener.until("cut", "interrupted", "resumed", "hello")
    assert bus.is_linked


async def test_all_listeners_are_told_of_a_cut_and_resumed_however_many_there_are(
    bus: EventBus, redis: Redis, server: FakeServer
) -> None:
    listeners = [Recorder() for _ in range(RESUBSCRIBE_BATCH + 20)]
    for number, listener in enumerate(listeners):
        await bus.subscribe(f"c{number}", listener)
    cutter = Recorder(cut_on(server, b"cut"))
    await bus.subscribe("cutter", cutter)

    await redis.publish("cutter", "cut")
    await cutter.until("cut", "interrupted")
    server.connected = True

    for listener in listeners:
        await listener.until("interrupted", "resumed")


async def test_when_a_listener_is_resumed_redis_has_its_subscription(
    bus: EventBus, redis: Redis, server: FakeServer
) -> None:
    listener = Recorder(cut_on(server, b"cut"))
    await bus.subscribe("a", listener)
    await redis.publish("a", "cut")
    await listener.until("cut", "interrupted")
    server.connected = True

    await listener.until("cut", "interrupted", "resumed")

    assert await redis.publish("a", "hello") == 1


async def test_a_channel_that_was_left_while_the_link_was_down_is_not_subscribed_again(
    bus: EventBus, redis: Redis, server: FakeServer
) -> None:
    stays, leaves = Recorder(cut_on(server, b"cut")), Recorder()
    await bus.subscribe("stays", stays)
    await bus.subscribe("leaves", leaves)
    await redis.publish("stays", "cut")
    await stays.until("cut", "interrupted")

    await bus.unsubscribe("leaves")
    server.connected = True
    await stays.until("cut", "interrupted", "resumed")

    assert await redis.publish("leaves", "hello") == 0
    assert leaves.notes == ["interrupted"]


async def test_without_a_link_nothing_can_be_subscribed(bus: EventBus, redis: Redis, server: FakeServer) -> None:
    listener = Recorder(cut_on(server, b"cut"))
    await bus.subscribe("a", listener)
    await redis.publish("a", "cut")
    await listener.until("cut", "interrupted")

    with pytest.raises(BusUnavailable):
        await bus.subscribe("b", Recorder())

    assert not bus.is_linked


async def test_a_subscription_that_redis_refuses_to_take_is_unavailable(bus: EventBus, server: FakeServer) -> None:
    server.connected = False

    with pytest.raises(BusUnavailable):
        await bus.subscribe("a", Recorder())

    server.connected = True


async def test_a_bus_that_starts_before_redis_hears_once_redis_is_there(redis: Redis, server: FakeServer) -> None:
    server.connected = False
    bus = EventBus(redis)
    await bus.start()
    listener = Recorder()
    with pytest.raises(BusUnavailable):
        await bus.subscribe("a", listener)

    server.connected = True
    await listener.until("resumed")
    await redis.publish("a", "hello")

    await listener.until("resumed", "hello")
    await bus.close()


async def test_a_cut_that_the_client_mends_by_itself_is_told_too(server: FakeServer, redis: Redis) -> None:
    cuts: list[str] = []

    class CutConnection(FakeAsyncRedisConnection):
        async def read_response(self, **options: Any) -> Any:  # type: ignore[override]  # fakeredis has it so, too
            if cuts:
                raise RedisConnectionError(cuts.pop())
            return await super().read_response(**options)

    pool = ConnectionPool(connection_class=CutConnection, server=server, retry=Retry(NoBackoff(), 3))
    retrying = FakeAsyncRedis(connection_pool=pool)
    bus = EventBus(retrying)
    await bus.start()
    listener = Recorder(lambda payload: cuts.append("cut") if payload == b"cut" else None)
    await bus.subscribe("a", listener)

    await redis.publish("a", "cut")
    await listener.until("cut", "interrupted", "resumed")
    await redis.publish("a", "hello")

    await listener.until("cut", "interrupted", "resumed", "hello")
    await bus.close()
    await pool.disconnect()
