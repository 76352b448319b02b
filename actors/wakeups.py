"""Wake-ups through the broker: a message to the actor of the job's kind, and the bells that other processes ring."""

import asyncio
from collections.abc import Sequence

from dramatiq import Message
from redis.exceptions import DataError

from actors.broker import BROKER_ERRORS, BellBroker
from jobs.eventlog import LogUnavailable
from jobs.gathering import Gathering
from schema.messages import WORK_ACTORS
from schema.responses import JobKind

SEND_SECONDS = 1.0


class BrokerWakeUps:
    """The broker's client blocks, so it is called in a thread."""

    def __init__(self, broker: BellBroker) -> None:
        self._broker = broker
        self._sending = Gathering[Message[None], None](self._send_all, common=BROKER_ERRORS)

    async def send(self, kind: JobKind, job_id: str) -> None:
        message: Message[None] = Message(
            queue_name=kind, actor_name=WORK_ACTORS[kind], args=(job_id,), kwargs={}, options={}
        )
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._sending.ask(message)
        except DataError:
            # Not Redis, but what it was to be told: hidden, nobody would ever be woken again.
            raise
        except (*BROKER_ERRORS, TimeoutError) as error:
            raise LogUnavailable(type(error).__name__) from error

    async def _send_all(self, messages: Sequence[Message[None]]) -> Sequence[None]:
        await asyncio.to_thread(self._broker.enqueue_all, messages)
        return [None] * len(messages)

    async def waiting(self, kind: JobKind) -> int:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return int(await asyncio.to_thread(self._broker.waiting, kind))
        except (*BROKER_ERRORS, TimeoutError) as error:
            raise LogUnavailable(type(error).__name__) from error


class Doorbell:
    """Listens on the bus for what other processes enqueued, and rings this process's bells."""

    def __init__(self, broker: BellBroker) -> None:
        self._broker = broker

    def heard(self, payload: bytes) -> None:
        self._broker.ring(payload.decode())

    def interrupted(self) -> None:
        """Nothing to do: consumers look up by themselves every few seconds."""

    def resumed(self) -> None:
        """Whatever was enqueued meanwhile rang nobody."""
        self._broker.ring_all()
