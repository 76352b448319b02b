"""Wake-ups through the broker: a message to the actor of the job's kind, sent by the actor's name."""

import asyncio

from dramatiq import Message

from actors.broker import BROKER_ERRORS, BellBroker
from jobs.eventlog import LogUnavailable
from schema.messages import WORK_ACTORS
from schema.responses import JobKind

SEND_SECONDS = 1.0


class BrokerWakeUps:
    """The broker's client blocks, so it is called in a thread."""

    def __init__(self, broker: BellBroker) -> None:
        self._broker = broker

    async def send(self, kind: JobKind, job_id: str) -> None:
        message: Message[None] = Message(
            queue_name=kind, actor_name=WORK_ACTORS[kind], args=(job_id,), kwargs={}, options={}
        )
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await asyncio.to_thread(self._broker.enqueue, message)
        except (*BROKER_ERRORS, TimeoutError) as error:
            raise LogUnavailable(type(error).__name__) from error

    async def waiting(self, kind: JobKind) -> int:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return int(await asyncio.to_thread(self._broker.do_qsize, kind))
        except (*BROKER_ERRORS, TimeoutError) as error:
            raise LogUnavailable(type(error).__name__) from error
