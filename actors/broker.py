"""The broker: Dramatiq's Redis broker, whose consumers sleep until a bell rings instead of polling."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import dramatiq
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed
from redis import Redis
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

IDLE_SECONDS = 5.0
"""How long a consumer trusts that nobody forgot to ring."""
STOPPING_SECONDS = 0.05


@contextmanager
def _connection_errors() -> Iterator[None]:
    """Dramatiq restarts a consumer on its own error alone; a timeout, a replica or a loading server is one, too."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, ReadOnlyError, BusyLoadingError) as error:
        raise ConnectionClosed(error) from None


class BellConsumer(_RedisConsumer):
    """Fetches when its queue's bell rang, and every few seconds all the same."""

    def __init__(self, broker: "BellBroker", queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)
        self._bell = broker.bell(queue_name)

    def __next__(self) -> MessageProxy | None:
        with _connection_errors():
            # Cleared before the fetch: whatever arrives behind it rings again. Without room for more it is cleared,
            # too, or the wait below would not be one; an ack makes room and rings.
            self._bell.clear()
            if not self.message_cache and self.outstanding_message_count < self.prefetch:
                self.message_cache = self.broker.do_fetch(
                    self.queue_name, self.prefetch - self.outstanding_message_count
                )
        if self.message_cache:
            message = dramatiq.Message.decode(self.message_cache.pop(0))
            self.queued_message_ids.add(message.message_id)
            return MessageProxy(message)
        self._bell.wait(self.broker.idle_seconds)
        return None

    def ack(self, message: MessageProxy) -> None:
        with _connection_errors():
            super().ack(message)
        # There is room for another message now.
        self._bell.set()

    def nack(self, message: MessageProxy) -> None:
        with _connection_errors():
            super().nack(message)
        self._bell.set()

    def requeue(self, messages: Any) -> None:
        with _connection_errors():
            super().requeue(messages)


class BellBroker(RedisBroker):
    """A Redis broker with a bell for each queue and no delay queues: delays are the job row's."""

    def __init__(self, client: Redis, middleware: list[dramatiq.Middleware]) -> None:
        self._bells: dict[str, Event] = {}
        self.idle_seconds = IDLE_SECONDS
        super().__init__(client=client, middleware=middleware, namespace="mp:broker")

    @property
    def consumer_class(self) -> type[Consumer]:
        return BellConsumer

    def bell(self, queue_name: str) -> Event:
        """What wakes the consumer of a queue."""
        return self._bells.setdefault(queue_name, Event())

    def hasten(self) -> None:
        """Have consumers look up often from now on: Dramatiq stops them by a flag that they must see."""
        self.idle_seconds = STOPPING_SECONDS
        for bell in self._bells.values():
            bell.set()

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Send a message and ring its queue's bell; a delay is refused, for nobody would look for it."""
        if delay is not None:
            raise ValueError("delays are the job row's")
        sent = super().enqueue(message)
        self.bell(message.queue_name).set()
        return sent


BROKER_ERRORS = (RedisError, OSError, ConnectionClosed)
