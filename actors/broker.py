"""The broker: Dramatiq's Redis broker, whose consumers sleep until a bell rings instead of polling."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from threading import Event, Lock
from typing import Any

import dramatiq
import structlog
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed
from redis import Redis
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger(__name__)

IDLE_SECONDS = 5.0
"""How long a consumer trusts that nobody forgot to ring."""
RETRY_SECONDS = 1.0
"""How long a consumer waits for a Redis that is away; a bell, rung when the link is back, ends the wait."""
STOPPING_SECONDS = 0.05
NAMESPACE = "mp:broker"
WAKE_CHANNEL = "mp:wake"
"""Where the queue of each message is told, for the bells of other processes."""

REDIS_AWAY = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, BusyLoadingError)
"""Not there, silent, a replica after a failover, or still loading: each of them passes."""


@contextmanager
def _connection_errors() -> Iterator[None]:
    """Dramatiq knows its own error alone for a connection that is lost."""
    try:
        yield
    except REDIS_AWAY as error:
        raise ConnectionClosed(error) from None


class Link:
    """Whether Redis answers; told in the log once for each change, however many consumers notice it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_up = True

    def lost(self, error: Exception) -> None:
        """A command found it away."""
        if self._changes(is_up=False):
            log.warning("broker_interrupted", reason=type(error).__name__)

    def works(self) -> None:
        """A command was answered."""
        if not self._is_up and self._changes(is_up=True):
            log.info("broker_resumed")

    def _changes(self, *, is_up: bool) -> bool:
        with self._lock:
            changed, self._is_up = self._is_up != is_up, is_up
        return changed


class BellConsumer(_RedisConsumer):
    """Fetches when its queue's bell rang, and every few seconds all the same. It outlasts any absence of Redis."""

    def __init__(self, broker: "BellBroker", queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)
        self._bell = broker.bell(queue_name)
        self._may_be_more = True

    def __next__(self) -> MessageProxy | None:
        # Cleared before the fetch: whatever arrives behind it rings again. Without room for more it is cleared,
        # too, or the wait below would not be one; an ack makes room and rings.
        self._bell.clear()
        try:
            if not self.message_cache:
                # Until the look has found fewer than there is room for, each ack rings.
                self._may_be_more = True
                room = self.prefetch - self.outstanding_message_count
                if room > 0:
                    self.message_cache = self.broker.do_fetch(self.queue_name, room)
                    self._may_be_more = len(self.message_cache) >= room
                    self.broker.link.works()
        except REDIS_AWAY as error:
            # Dramatiq would tear the consumer down, and say so at each attempt.
            self.broker.link.lost(error)
            self._bell.wait(min(RETRY_SECONDS, self.broker.idle_seconds))
            return None
        if self.message_cache:
            message = dramatiq.Message.decode(self.message_cache.pop(0))
            self.queued_message_ids.add(message.message_id)
            return MessageProxy(message)
        self._bell.wait(self.broker.idle_seconds)
        return None

    def ack(self, message: MessageProxy) -> None:
        self._settle(super().ack, message)

    def nack(self, message: MessageProxy) -> None:
        self._settle(super().nack, message)

    def _settle(self, settle: Any, message: MessageProxy) -> None:
        try:
            settle(message)
        except (ConnectionClosed, *REDIS_AWAY) as error:
            # Dramatiq would keep the thread until Redis is back. A wake-up that comes twice does no harm.
            self.broker.link.lost(error)
        if self._may_be_more:
            # There is room for another message now.
            self._bell.set()

    def requeue(self, messages: Any) -> None:
        with _connection_errors():
            super().requeue(messages)


class BellBroker(RedisBroker):
    """A Redis broker with a bell for each queue and no delay queues: delays are the job row's.

    With `is_shared` other processes work on the same queues, and are told to ring their bells, too.
    """

    def __init__(self, client: Redis, middleware: list[dramatiq.Middleware], *, is_shared: bool = False) -> None:
        self._bells: dict[str, Event] = {}
        self._is_shared = is_shared
        self.link = Link()
        self.idle_seconds = IDLE_SECONDS
        super().__init__(client=client, middleware=middleware, namespace=NAMESPACE)

    @property
    def consumer_class(self) -> type[Consumer]:
        return BellConsumer

    def bell(self, queue_name: str) -> Event:
        """What wakes the consumer of a queue."""
        return self._bells.setdefault(queue_name, Event())

    def ring(self, queue_name: str) -> None:
        """Have the consumer of a queue look up, if it is one of this process."""
        if bell := self._bells.get(queue_name):
            bell.set()

    def ring_all(self) -> None:
        """Have every consumer look up."""
        for bell in tuple(self._bells.values()):
            bell.set()

    def hasten(self) -> None:
        """Have consumers look up often from now on: Dramatiq stops them by a flag that they must see."""
        self.idle_seconds = STOPPING_SECONDS
        self.ring_all()

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Send a message and ring its queue's bells; a delay is refused, for nobody would look for it."""
        if delay is not None:
            raise ValueError("delays are the job row's")
        sent = super().enqueue(message)
        self.ring(message.queue_name)
        if self._is_shared:
            self.client.publish(WAKE_CHANNEL, message.queue_name)
        return sent

    def enqueue_all(self, messages: Sequence[dramatiq.Message[Any]]) -> None:
        """Send several, in one round trip, and ring each queue's bells once."""
        if len(messages) == 1:
            self.enqueue(messages[0])
            return
        queues = {message.queue_name for message in messages}
        with self.client.pipeline(transaction=False) as pipeline:
            # One like this, whose messages wait for each other. What it asks Redis itself is answered at once.
            sender = copy(self)
            sender.scripts = self.scripts | {"dispatch": partial(self.scripts["dispatch"], client=pipeline)}
            for message in messages:
                super(BellBroker, sender).enqueue(message)
            if self._is_shared:
                for queue_name in queues:
                    pipeline.publish(WAKE_CHANNEL, queue_name)
            pipeline.execute()
        for queue_name in queues:
            self.ring(queue_name)

    def waiting(self, queue_name: str) -> int:
        """How many messages nobody has fetched; Dramatiq's own count has those that are worked on in it, too."""
        return int(self.client.llen(f"{self.namespace}:{queue_name}"))


BROKER_ERRORS = (RedisError, OSError, ConnectionClosed)
