"""The event bus's connection to Redis: what it says, and what comes in, as few steps from the socket as possible."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, cast

import hiredis
from redis.asyncio import Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError


class Message(NamedTuple):
    """What came: a `message` on a channel, or the acknowledgement of a command that names one."""

    kind: bytes
    channel: bytes
    data: Any


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

    async def messages(self, silence: float) -> Sequence[Message]:
        """What has come by now, at least one; nothing after `silence` seconds without any."""
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

    async def messages(self, silence: float) -> Sequence[Message]:
        message = await self._pubsub.get_message(ignore_subscribe_messages=False, timeout=silence)
        if message is None:
            return ()
        return (Message(message["type"].encode(), message["channel"] or b"", message["data"]),)


class SocketLink(asyncio.Protocol):
    """A link whose bytes go from the socket to hiredis and from there to the bus, all that one read brought at once.

    redis-py connects, with all that a URL can ask for, TLS and passwords included. Then the connection's transport
    is taken from it: its own reading costs more than the delivery of an event (see `docs/benchmarks.md`).
    """

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._reader = hiredis.Reader()
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._come: list[Message] = []
        self._error: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    async def subscribe(self, *channels: str) -> None:
        if self._transport is None:
            await self._connect()
        self._send("SUBSCRIBE", *channels)

    async def unsubscribe(self, *channels: str) -> None:
        self._send("UNSUBSCRIBE", *channels)

    async def ping(self) -> None:
        self._send("PING")

    async def messages(self, silence: float) -> Sequence[Message]:
        if not self._come and self._error is None:
            self._news = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._news,), timeout=silence)
            self._news = None
        if not self._come and self._error is not None:
            raise self._error
        come, self._come = self._come, []
        return come

    async def aclose(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                self._take(reply)
        except hiredis.ProtocolError as error:
            self._fail(RedisConnectionError(str(error)))
        self._wake()

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

    def _take(self, reply: Any) -> None:
        match reply:
            case [kind, channel, data]:
                self._come.append(Message(kind, channel, data))
            case hiredis.ReplyError():
                self._fail(ResponseError(str(reply)))
            case _:
                self._come.append(Message(b"pong", b"", reply))

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
