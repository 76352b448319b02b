"""The event bus straight over a socket to a real Redis: what is published is heard, and a cut is noticed and mended."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from jobs.buslink import Message, SocketLink, links_of
from jobs.connections import async_redis
from jobs.eventbus import EventBus
from tests.listeners import PATIENCE_SECONDS, Recorder
from tests.redis import RedisServer, running_redis


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with running_redis() as running:
        yield running


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    client = async_redis(server.url)
    yield client
    await client.aclose()


@pytest.fixture
async def bus(redis: Redis) -> AsyncIterator[EventBus]:
    bus = EventBus(redis, links_of(redis))
    await bus.start()
    yield bus
    await bus.close()


async def test_what_is_published_is_heard_in_its_order(bus: EventBus, redis: Redis) -> None:
    listener, other = Recorder(), Recorder()
    await bus.subscribe("a", listener)
    await bus.subscribe("b", other)

    for number in range(50):
        await redis.publish("a", str(number))

    await listener.until(*map(str, range(50)))
    assert other.notes == []


async def test_what_is_no_longer_subscribed_is_not_heard(bus: EventBus, redis: Redis) -> None:
    listener, other = Recorder(), Recorder()
    await bus.subscribe("a", listener)
    await bus.unsubscribe("a")
    await bus.subscribe("b", other)

    await redis.publish("a", "hello")
    await redis.publish("b", "hello")

    await other.until("hello")
    assert listener.notes == []


async def test_a_cut_is_told_and_mended(bus: EventBus, redis: Redis) -> None:
    listener = Recorder()
    await bus.subscribe("a", listener)

    for times in range(1, 4):
        await redis.client_kill_filter(_type="pubsub")
        await listener.until(*["interrupted", "resumed"] * times)
    await redis.publish("a", "hello")

    await listener.until(*["interrupted", "resumed"] * 3, "hello")
    assert bus.is_linked


async def test_all_that_one_read_brought_comes_at_once(redis: Redis) -> None:
    link = SocketLink(redis)
    await link.subscribe("a")
    acknowledged = await link.messages(PATIENCE_SECONDS)

    async with redis.pipeline(transaction=True) as pipeline:
        for number in range(20):
            pipeline.publish("a", str(number))
        await pipeline.execute()
    messages = await link.messages(PATIENCE_SECONDS)
    await link.aclose()

    assert [(message.kind, message.channel) for message in acknowledged] == [(b"subscribe", b"a")]
    assert messages == [Message(b"message", b"a", b"%d" % number) for number in range(20)]


async def test_silence_brings_nothing_and_a_ping_is_answered(redis: Redis) -> None:
    link = SocketLink(redis)
    await link.subscribe("a")
    await link.messages(PATIENCE_SECONDS)

    silence = await link.messages(0.001)
    await link.ping()
    answers = await link.messages(PATIENCE_SECONDS)
    await link.aclose()

    assert list(silence) == []
    assert [message.kind for message in answers] == [b"pong"]


async def test_an_error_and_an_end_are_raised_behind_what_came_before(redis: Redis) -> None:
    link = SocketLink(redis)

    link.data_received(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n-NOPERM no\r\n")
    first = await link.messages(PATIENCE_SECONDS)
    link.connection_lost(None)

    assert [message.data for message in first] == [b"x"]
    with pytest.raises(ResponseError):
        await link.messages(PATIENCE_SECONDS)
    with pytest.raises(ResponseError):
        await link.ping()


async def test_nonsense_is_a_link_that_failed(redis: Redis) -> None:
    link = SocketLink(redis)
    waiting = asyncio.create_task(link.messages(PATIENCE_SECONDS))
    await asyncio.sleep(0)

    link.data_received(b"what?\r\n")

    with pytest.raises(RedisConnectionError):
        await waiting
