"""The event bus's connection to Redis: what it says, and what comes in, as few steps from the socket as possible."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import hiredis
from redis.asyncio import Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

Message = Sequence[Any]
"""What came, as Redis has it: a `message`, with its channel and its data; the acknowledgement of a command that names
a channel, with that; or a `pong`."""

Hear = Callable[[Message], None]
"""Is told of a message. An error that it raises, as those of a link that is down, ends the link."""


class Link(Protocol):
    """One connection, that listens. Every method raises `RedisError`, `OSError` or `TimeoutError` once it is down."""

    async def subscribe(self, *channels: str) -> None:
        """Ask for channels; the acknowledgements come among the messages. The first call connects."""
        ...

    async def unsubscribe(self, *channels: str) -> None:
        """Ask for channels no more."""
        ...

    async def ping(self) -> None:
        """Ask for a sign of life, which comes among the messages."""
        ...

    async def listen(self, hear: Hear, silence: float) -> bool:
        """Pass on what has come and what comes, until `silence` seconds have brought nothing; whether anything came."""
        ...

    async def aclose(self) -> None:
        """Give the connection up."""
        ...


NewLink = Callable[[], Link]


def links_of(redis: Redis) -> NewLink:
    """How to link to a Redis: straight over a socket where it has one, else as its client library does it."""
    sockets = (Connection, SSLConnection, UnixDomainSocketConnection)
    if redis.connection_pool.connection_class in sockets:
        return lambda: SocketLink(redis)
    return lambda: PubSubLink(redis.pubsub())


class PubSubLink:
    """A link by the client library's own means: for a Redis that is in this process, and has no socket."""

    def __init__(self, pubsub: PubSub) -> None:
        self._pubsub = pubsub

    async def subscribe(self, *channels: str) -> None:
        await self._pubsub.subscribe(*channels)

    async def unsubscribe(self, *channels: str) -> None:
        await self._pubsub.unsubscribe(*channels)

    async def ping(self) -> None:
        await self._pubsub.ping()

    async def aclose(self) -> None:
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    async def listen(self, hear: Hear, silence: float) -> bool:
        has_come = False
        while True:
            message = await self._pubsub.get_message(ignore_subscribe_messages=False, timeout=silence)
            if message is None:
                return has_come
            has_come = True
            hear((message["type"].encode(), message["channel"] or b"", message["data"]))


class SocketLink(asyncio.Protocol):
    """A link whose bytes go from the socket to hiredis and from there to the bus, without a task in between.

    redis-py connects, with all that a URL can ask for, TLS and passwords included. Then the connection's transport
    is taken from it: its own reading costs more than the delivery of an event (see `docs/benchmarks.md`).
    """

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._reader = hiredis.Reader()
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._hear: Hear = self._keep
        self._kept: list[Message] = []
        self._came_at = 0.0
        # Counted, for a loop may tell the time once a turn: an answer within the same millisecond is one, too.
        self._came = 0
        self._error: Exception | None = None
        self._failed: asyncio.Future[None] | None = None

    async def subscribe(self, *channels: str) -> None:
        if self._transport is None:
            await self._connect()
        self._send("SUBSCRIBE", *channels)

    async def unsubscribe(self, *channels: str) -> None:
        self._send("UNSUBSCRIBE", *channels)

    async def ping(self) -> None:
        self._send("PING")

    async def listen(self, hear: Hear, silence: float) -> bool:
        loop = asyncio.get_running_loop()
        kept, self._kept, self._hear = self._kept, [], hear
        for message in kept:
            hear(message)
        self._failed = self._failed or loop.create_future()
        latest, had_come = loop.time(), self._came
        while self._error is None and (left := latest + silence - loop.time()) > 0:
            await asyncio.wait((self._failed,), timeout=left)
            latest = max(latest, self._came_at)
        if self._error is not None:
            raise self._error
        return bool(kept) or self._came > had_come

    async def aclose(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)

    def data_received(self, data: bytes) -> None:
        self._came_at = asyncio.get_running_loop().time()
        self._came += 1
        reader = self._reader
        reader.feed(data)
        try:
            while (reply := reader.gets()) is not False:
                self._hear(reply if isinstance(reply, list) else _worded(reply))
        except hiredis.ProtocolError as error:
            self._fail(RedisConnectionError(str(error)))
        except (RedisError, OSError) as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or RedisConnectionError("closed by the server"))

    async def _connect(self) -> None:
        self._connection = cast("Connection", self._pool.make_connection())  # type: ignore[no-untyped-call]  # redis-py leaves both untyped
        await self._connection.connect()  # type: ignore[no-untyped-call]
        writer = self._connection._writer  # noqa: SLF001  # the one thing that redis-py does not give
        if writer is None:
            raise RedisConnectionError("closed by the server")
        self._transport = cast("asyncio.Transport", writer.transport)
        self._transport.set_protocol(self)

    def _send(self, *words: str) -> None:
        if self._transport is None or self._error is not None:
            raise self._error or RedisConnectionError("not connected")
        self._transport.write(hiredis.pack_command(cast("tuple[str]", words)))

    def _keep(self, message: Message) -> None:
        """Nobody listens yet."""
        self._kept.append(message)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        if self._failed is not None and not self._failed.done():
            self._failed.set_result(None)


def _worded(reply: Any) -> Message:
    """What is no list, as a message: the answer to a ping by a connection without channels. Raises `ResponseError`."""
    if isinstance(reply, hiredis.ReplyError):
        raise ResponseError(str(reply))
    return (b"pong", b"", reply)
