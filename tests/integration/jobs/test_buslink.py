"""The event bus straight over a socket to a real Redis: what is published is heard, and a cut is noticed and mended."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import uvloop
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from jobs.background import stop
from jobs.buslink import Message, SocketLink, links_of
from jobs.connections import async_redis
from jobs.eventbus import EventBus
from tests.listeners import PATIENCE_SECONDS, Recorder
from tests.redis import RedisServer, running_redis


class Heard:
    """Keeps what it is told, and in which turn of the loop."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.turns: list[int] = []
        self._turn = 0
        self._is_turning = False
        self._news = asyncio.Event()

    def __call__(self, message: Message) -> None:
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._end_turn)
        self.messages.append(message)
        self.turns.append(self._turn)
        self._news.set()

    def _end_turn(self) -> None:
        self._turn, self._is_turning = self._turn + 1, False

    async def until(self, count: int) -> None:
        """Wait until so many have come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.messages) < count:
                self._news.clear()
                await self._news.wait()


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
    link, heard = SocketLink(redis), Heard()
    await link.subscribe("a")
    listening = asyncio.create_task(link.listen(heard, PATIENCE_SECONDS))
    await heard.until(1)

    async with redis.pipeline(transaction=True) as pipeline:
        for number in range(20):
            pipeline.publish("a", str(number))
        await pipeline.execute()
    await heard.until(21)
    await stop(listening)
    await link.aclose()

    assert heard.messages == [[b"subscribe", b"a", 1], *([b"message", b"a", b"%d" % n] for n in range(20))]
    assert len(set(heard.turns[1:])) == 1


async def test_silence_brings_nothing_and_a_ping_is_answered(redis: Redis) -> None:
    link, heard = SocketLink(redis), Heard()
    await link.subscribe("a")
    listening = asyncio.create_task(link.listen(heard, PATIENCE_SECONDS))
    await heard.until(1)
    await stop(listening)

    has_come = await link.listen(heard, 0.001)
    await link.ping()
    listening = asyncio.create_task(link.listen(heard, PATIENCE_SECONDS))
    await heard.until(2)
    await stop(listening)
    await link.aclose()

    assert not has_come
    assert [message[0] for message in heard.messages] == [b"subscribe", b"pong"]


async def test_a_listener_learns_after_a_silence_that_something_came_before_it(redis: Redis) -> None:
    link, heard = SocketLink(redis), Heard()
    await link.subscribe("a")

    assert await link.listen(heard, 0.2)
    await link.aclose()

    assert len(heard.messages) == 1


async def test_an_error_and_an_end_are_raised_behind_what_came_before(redis: Redis) -> None:
    link, heard = SocketLink(redis), Heard()

    link.data_received(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n-NOPERM no\r\n")
    link.connection_lost(None)

    with pytest.raises(ResponseError):
        await link.listen(heard, PATIENCE_SECONDS)
    assert heard.messages == [[b"message", b"a", b"x"]]
    with pytest.raises(ResponseError):
        await link.ping()


async def test_who_hears_can_give_the_link_up(redis: Redis) -> None:
    def refuse(_message: Message) -> None:
        raise ConnectionError("what is this?")

    link = SocketLink(redis)
    listening = asyncio.create_task(link.listen(refuse, PATIENCE_SECONDS))
    await asyncio.sleep(0)

    link.data_received(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n")

    with pytest.raises(ConnectionError, match="what is this"):
        await listening


async def test_nonsense_is_a_link_that_failed(redis: Redis) -> None:
    link = SocketLink(redis)
    waiting = asyncio.create_task(link.listen(Heard(), PATIENCE_SECONDS))
    await asyncio.sleep(0)

    link.data_received(b"what?\r\n")

    with pytest.raises(RedisConnectionError):
        await waiting


def test_an_answer_within_the_time_of_one_turn_is_heard(server: RedisServer) -> None:
    """Uvloop tells the time once a turn, in milliseconds; a link that seems silent would be given up."""

    async def ping_often() -> list[bool]:
        redis = async_redis(server.url)
        link = links_of(redis)()
        await link.subscribe("a")
        await link.listen(lambda _message: None, 0.05)
        heard = []
        for _ in range(20):
            await link.ping()
            heard.append(await link.listen(lambda _message: None, 0.05))
        await link.aclose()
        await redis.aclose()
        return heard

    assert uvloop.run(ping_often()) == [True] * 20
