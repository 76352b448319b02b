"""The event bus: what is acknowledged is heard, in order, by whom it concerns."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from jobs.eventbus import EventBus
from tests.listeners import Recorder


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


async def test_a_message_on_a_subscribed_channel_is_heard(bus: EventBus, redis: Redis) -> None:
    listener = Recorder()
    await bus.subscribe("a", listener)

    await redis.publish("a", "hello")

    await listener.until("hello")


async def test_messages_are_heard_in_their_order(bus: EventBus, redis: Redis) -> None:
    listener = Recorder()
    await bus.subscribe("a", listener)

    for number in range(100):
        await redis.publish("a", str(number))

    await listener.until(*map(str, range(100)))


async def test_when_subscribe_returns_redis_has_the_subscription(bus: EventBus, redis: Redis) -> None:
    await bus.subscribe("a", Recorder())

    assert await redis.publish("a", "hello") == 1


async def test_a_channel_is_heard_by_its_own_listener_alone(bus: EventBus, redis: Redis) -> None:
    one, other = Recorder(), Recorder()
    await bus.subscribe("one", one)
    await bus.subscribe("other", other)

    await redis.publish("one", "1")
    await redis.publish("other", "2")

    await one.until("1")
    await other.until("2")


async def test_an_unsubscribed_channel_is_not_heard(bus: EventBus, redis: Redis) -> None:
    listener, witness = Recorder(), Recorder()
    await bus.subscribe("a", listener)
    await bus.subscribe("witness", witness)

    await bus.unsubscribe("a")
    await redis.publish("a", "hello")
    await redis.publish("witness", "done")

    await witness.until("done")
    assert listener.notes == []
    assert await redis.publish("a", "again") == 0


async def test_a_channel_can_be_subscribed_again(bus: EventBus, redis: Redis) -> None:
    before, after = Recorder(), Recorder()
    await bus.subscribe("a", before)
    await bus.unsubscribe("a")

    await bus.subscribe("a", after)
    await redis.publish("a", "hello")

    await after.until("hello")
    assert before.notes == []


async def test_subscribing_and_unsubscribing_at_once_ends_with_what_came_last(bus: EventBus, redis: Redis) -> None:
    listener = Recorder()
    for _ in range(20):
        await asyncio.gather(
            bus.subscribe("a", Recorder()), bus.unsubscribe("a"), bus.subscribe("a", Recorder()), bus.unsubscribe("a")
        )

    await asyncio.gather(bus.unsubscribe("a"), bus.subscribe("a", listener))

    await redis.publish("a", "hello")
    await listener.until("hello")


async def test_concurrent_subscriptions_of_one_channel_are_all_acknowledged(bus: EventBus, redis: Redis) -> None:
    listener = Recorder()

    await asyncio.gather(*(bus.subscribe("a", listener) for _ in range(10)))

    await redis.publish("a", "hello")
    await listener.until("hello")


async def test_a_thousand_channels_are_heard_over_one_connection(bus: EventBus, redis: Redis) -> None:
    listeners = {f"c{number}": Recorder() for number in range(1000)}
    await asyncio.gather(*(bus.subscribe(channel, listener) for channel, listener in listeners.items()))

    for channel in listeners:
        assert await redis.publish(channel, channel) == 1

    for channel, listener in listeners.items():
        await listener.until(channel)


async def test_a_listener_that_fails_does_not_deafen_the_others(bus: EventBus, redis: Redis) -> None:
    def fail(payload: bytes) -> None:
        raise ValueError(payload)

    await bus.subscribe("broken", Recorder(fail))
    sound = Recorder()
    await bus.subscribe("sound", sound)

    await redis.publish("broken", "hello")
    await redis.publish("sound", "hello")

    await sound.until("hello")


async def test_a_closed_bus_is_not_linked(redis: Redis) -> None:
    bus = EventBus(redis)
    await bus.start()
    was_linked = bus.is_linked

    await bus.close()

    assert was_linked
    assert not bus.is_linked
