"""The event bus: one Redis connection that hears as many channels as anybody wants, and notices when it was cut."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs.background import stop
from jobs.buslink import Link, Message, NewLink, PubSubLink

log = structlog.get_logger(__name__)

PING_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
RESUBSCRIBE_BATCH = 500
ACKNOWLEDGEMENT_SECONDS = 1.5
START_SECONDS = 1.0

PERMANENT_CHANNEL = "mp:bus"
"""A channel that nobody publishes on: a connection without any channel could not be listened to."""


class BusUnavailable(Exception):
    """Redis did not acknowledge a subscription in time."""


class Listener(Protocol):
    """What hears one channel. The calls come from the event loop and return at once."""

    def heard(self, payload: bytes) -> None:
        """A message was published on the channel."""
        ...

    def interrupted(self) -> None:
        """The link is down: from now until `resumed` messages may be lost."""
        ...

    def resumed(self) -> None:
        """The channel is subscribed again: what comes from now on is heard."""
        ...


class EventBus:
    """Subscribes on demand. Redis numbers no acknowledgements, so they are counted per channel."""

    def __init__(self, redis: Redis, new_link: NewLink | None = None) -> None:
        self._new_link: NewLink = new_link or (lambda: PubSubLink(redis.pubsub()))
        # By channel, as Redis names it: once for each message that comes.
        self._listeners: dict[bytes, Listener] = {}
        self._awaited: dict[bytes, int] = {}
        self._waiters: dict[bytes, list[asyncio.Future[None]]] = {}
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._linked = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen, and give Redis a moment to answer; it may still be down when this returns."""
        self._task = asyncio.create_task(self._run(), name="event-bus")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await self._linked.wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await stop(self._task)

    @property
    def is_linked(self) -> bool:
        """Whether the connection stands."""
        return self._link is not None

    async def subscribe(self, channel: str, listener: Listener) -> None:
        """Hear `channel` from now on: when this returns, Redis has acknowledged it. Raises `BusUnavailable`."""
        self._listeners[channel.encode()] = listener
        try:
            await self._command(channel.encode(), lambda link: link.subscribe(channel))
        except (RedisError, OSError, TimeoutError) as error:
            raise BusUnavailable(type(error).__name__) from error

    async def listen(self, channel: str, listener: Listener) -> None:
        """Hear `channel` for as long as the bus runs, from now on or from when Redis is there."""
        with contextlib.suppress(BusUnavailable):
            await self.subscribe(channel, listener)

    async def unsubscribe(self, channel: str) -> None:
        """Stop hearing `channel`. A failure needs no care: the next link begins without it."""
        self._listeners.pop(channel.encode(), None)
        try:
            await self._command(channel.encode(), lambda link: link.unsubscribe(channel), wait=False)
        except (RedisError, OSError, BusUnavailable) as error:
            log.debug("unsubscribe_failed", error=type(error).__name__)

    async def _command(self, channel: bytes, send: Callable[[Link], Any], *, wait: bool = True) -> None:
        if self._link is None:
            raise BusUnavailable("not linked")
        # Counted before it is sent: the answer can be read while the sending is still awaited.
        self._awaited[channel] = self._awaited.get(channel, 0) + 1
        acknowledged = asyncio.get_running_loop().create_future()
        if wait:
            self._waiters.setdefault(channel, []).append(acknowledged)
        await send(self._link)
        if wait:
            async with asyncio.timeout(ACKNOWLEDGEMENT_SECONDS):
                await acknowledged

    async def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            link = self._new_link()
            try:
                await self._connect(link)
                pause = FIRST_PAUSE_SECONDS
                await self._listen(link)
            except (RedisError, OSError, TimeoutError) as error:
                self._unlink(type(error).__name__)
            finally:
                self._link = None
                await link.aclose()
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311  # jitter, no secret
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _connect(self, link: Link) -> None:
        """Subscribe to everything again, in batches, on a new connection."""
        channels = [PERMANENT_CHANNEL.encode(), *self._listeners]
        for start in range(0, len(channels), RESUBSCRIBE_BATCH):
            await link.subscribe(*[channel.decode() for channel in channels[start : start + RESUBSCRIBE_BATCH]])
        self._awaited = dict.fromkeys(channels, 1)
        for channel in channels[1:]:
            resumed = asyncio.get_running_loop().create_future()
            resumed.add_done_callback(partial(self._resumed, channel))
            self._waiters.setdefault(channel, []).append(resumed)
        self._link = link
        self._linked.set()

    def _resumed(self, channel: bytes, acknowledged: "asyncio.Future[None]") -> None:
        is_acknowledged = not acknowledged.cancelled() and acknowledged.exception() is None
        listener = self._listeners.get(channel)
        if listener is not None and is_acknowledged:
            self._call(listener.resumed)

    def _unlink(self, reason: str) -> None:
        """Tell everybody that messages may be lost from here on; once, however long Redis is away."""
        was_linked, self._link = self._link is not None, None
        self._awaited.clear()
        waiters, self._waiters = self._waiters, {}
        for future in (future for futures in waiters.values() for future in futures):
            if not future.done():
                # No cancellation: whoever waits for an acknowledgement learns that it will not come.
                future.set_exception(ConnectionError(reason))
        if was_linked:
            log.warning("event_bus_interrupted", reason=reason)
            for listener in tuple(self._listeners.values()):
                self._call(listener.interrupted)

    async def _listen(self, link: Link) -> None:
        is_pinged = False
        # A half-open link stays silent for ever, also when it was pinged.
        while await link.listen(self._handle, PING_SECONDS) or not is_pinged:
            await link.ping()
            is_pinged = True
        raise TimeoutError("no answer to a ping")

    def _handle(self, message: Message) -> None:
        kind = message[0]
        if kind == b"message":
            listener = self._listeners.get(message[1])
            if listener is not None:
                # As in `_call`: this is done for each event.
                try:
                    listener.heard(message[2])
                except Exception:
                    log.exception("listener_failed")
        elif kind in {b"subscribe", b"unsubscribe"}:
            self._acknowledge(message[1])

    def _call(self, tell: Callable[[], None]) -> None:
        """Tell a listener; one that fails must not deafen the others."""
        try:
            tell()
        except Exception:
            log.exception("listener_failed")

    def _acknowledge(self, channel: bytes) -> None:
        if channel not in self._awaited:
            # The client was cut off, and by its own retry connected and subscribed again behind our back.
            raise ConnectionError("an acknowledgement that nobody asked for")
        self._awaited[channel] -= 1
        if self._awaited[channel] > 0:
            return
        del self._awaited[channel]
        for future in self._waiters.pop(channel, []):
            if not future.done():
                future.set_result(None)
