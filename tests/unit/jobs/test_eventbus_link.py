"""How the event bus judges its link: by acknowledgements that fail to come, and by silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from jobs.eventbus import PERMANENT_CHANNEL, BusUnavailable, EventBus
from tests.listeners import PATIENCE_SECONDS, Recorder

Answer = dict[str, Any] | Exception | None


def acknowledgement(channel: str, kind: str = "subscribe") -> Answer:
    return {"type": kind, "channel": channel.encode(), "data": 1}


class ScriptedPubSub:
    """A link that answers what the test says, when it says so."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._is_sent = asyncio.Condition()

    def answer(self, *answers: Answer) -> None:
        for answer in answers:
            self._answers.put_nowait(answer)

    async def until_sent(self, command: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self._is_sent:
            await self._is_sent.wait_for(lambda: self.sent.count(command) >= times)

    async def subscribe(self, *channels: str) -> None:
        await self._send(*(f"subscribe {channel}" for channel in channels))

    async def unsubscribe(self, *channels: str) -> None:
        await self._send(*(f"unsubscribe {channel}" for channel in channels))

    async def ping(self) -> None:
        await self._send("ping")

    async def get_message(self, **options: Any) -> dict[str, Any] | None:
        answer = await self._answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        await self._send("close")

    async def _send(self, *commands: str) -> None:
        async with self._is_sent:
            self.sent += commands
            self._is_sent.notify_all()


class ScriptedRedis:
    """Gives the links that the test made, one after the other."""

    def __init__(self, *links: ScriptedPubSub) -> None:
        self._links = iter(links)

    def pubsub(self) -> ScriptedPubSub:
        return next(self._links, ScriptedPubSub())


@asynccontextmanager
async def linked(*links: ScriptedPubSub) -> AsyncIterator[EventBus]:
    links[0].answer(acknowledgement(PERMANENT_CHANNEL))
    bus = EventBus(cast("Redis", ScriptedRedis(*links)))
    await bus.start()
    yield bus
    await bus.close()


async def subscribed(bus: EventBus, link: ScriptedPubSub, listener: Recorder) -> None:
    link.answer(acknowledgement("a"))
    await bus.subscribe("a", listener)


async def test_a_link_that_is_cut_before_the_acknowledgement_makes_the_subscription_unavailable() -> None:
    link = ScriptedPubSub()
    async with linked(link) as bus:
        subscription = asyncio.create_task(bus.subscribe("a", Recorder()))
        await link.until_sent("subscribe a")

        link.answer(ConnectionError("cut"))

        with pytest.raises(BusUnavailable):
            await subscription


async def test_a_subscription_that_is_never_acknowledged_is_unavailable() -> None:
    async with linked(ScriptedPubSub()) as bus:
        with pytest.raises(BusUnavailable):
            await bus.subscribe("a", Recorder())


async def test_the_acknowledgement_of_an_earlier_subscription_is_not_taken_for_the_later_ones() -> None:
    link = ScriptedPubSub()
    async with linked(link) as bus:
        await subscribed(bus, link, Recorder())
        await bus.unsubscribe("a")
        again = asyncio.create_task(bus.subscribe("a", Recorder()))

        link.answer(acknowledgement("a", "unsubscribe"), {"type": "message", "channel": b"b", "data": b""})
        for _ in range(10):
            await asyncio.sleep(0)
        was_done = again.done()
        link.answer(acknowledgement("a"))
        await again

        assert not was_done


async def test_one_silence_is_answered_with_a_ping_and_is_no_interruption() -> None:
    link, listener = ScriptedPubSub(), Recorder()
    async with linked(link) as bus:
        await subscribed(bus, link, listener)

        link.answer(None)
        await link.until_sent("ping")
        link.answer({"type": "pong", "channel": None, "data": b""}, None)
        await link.until_sent("ping", times=2)

        assert listener.notes == []
        assert bus.is_linked


async def test_a_link_that_does_not_answer_a_ping_is_down() -> None:
    link, listener = ScriptedPubSub(), Recorder()
    async with linked(link) as bus:
        await subscribed(bus, link, listener)

        link.answer(None, None)
        await link.until_sent("close")

        assert listener.notes == ["interrupted"]


async def test_an_acknowledgement_that_nobody_asked_for_means_that_the_link_was_another_meanwhile() -> None:
    link, listener = ScriptedPubSub(), Recorder()
    async with linked(link) as bus:
        await subscribed(bus, link, listener)

        link.answer(acknowledgement("a"))
        await link.until_sent("close")

        assert listener.notes == ["interrupted"]


async def test_a_link_that_fails_before_its_acknowledgements_resumes_nobody() -> None:
    first, second, third = ScriptedPubSub(), ScriptedPubSub(), ScriptedPubSub()
    listener = Recorder()
    async with linked(first, second, third) as bus:
        await subscribed(bus, first, listener)
        first.answer(ConnectionError("cut"))
        await second.until_sent("subscribe a")

        second.answer(acknowledgement(PERMANENT_CHANNEL), ConnectionError("cut again"))
        await third.until_sent("subscribe a")
        before = listener.notes.copy()
        third.answer(acknowledgement(PERMANENT_CHANNEL), acknowledgement("a"), None)
        await third.until_sent("ping")

        assert "resumed" not in before
        assert listener.notes == [*before, "resumed"]
