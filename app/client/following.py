"""Following a job to its end over connections that may break: every event once, in order."""

import asyncio
import random
from collections.abc import AsyncIterator
from http import HTTPStatus

from app.client.frames import Frame, FrameReader, NotAnEvent
from app.client.service import NETWORK_ERRORS, Refused, ServiceClient, Unreachable
from jobs.lifecycle import TERMINAL
from schema.events import EVENTS

MOST_FAILURES = 20
"""So many connections in a row may fail, at the service's pace of about one in three seconds."""


async def follow(client: ServiceClient, job_id: str) -> AsyncIterator[Frame]:
    """A job's events until it has ended. Raises `Unreachable`, `Refused`.

    The last of them is not always the one that ended it: where the service's log began anew in between, the events
    that were in it are gone, and the job's state alone says that it is over.
    """
    reader, failures = FrameReader(), 0
    while True:
        behind = reader.last_id
        try:
            async for frame in _connection(client, job_id, reader):
                if reader.last_id != behind:
                    failures = 0
                yield frame
                if _is_end(frame):
                    return
            if await _has_ended(client, job_id):
                return
            failures = 0
        except (*NETWORK_ERRORS, NotAnEvent, Unreachable, Refused) as error:
            failures += 1
            if failures > MOST_FAILURES or (isinstance(error, Refused) and not error.is_retryable):
                raise _final(error) from error
        reader = FrameReader(reader.last_id, reader.retry_seconds)
        await asyncio.sleep(reader.retry_seconds * random.uniform(0.5, 1))  # noqa: S311  # jitter, no secret


async def _connection(client: ServiceClient, job_id: str, reader: FrameReader) -> AsyncIterator[Frame]:
    """What one connection brings; it ends where the service or the state of the job says so."""
    async with await client.stream(job_id, reader.last_id) as response:
        if response.status == HTTPStatus.NO_CONTENT:
            return
        async for chunk in response.content.iter_any():
            for frame in reader.feed(chunk):
                yield frame
                if frame.name == "reset" and await _has_ended(client, job_id):
                    return


async def _has_ended(client: ServiceClient, job_id: str) -> bool:
    return (await client.job(job_id))["status"] in TERMINAL


def _is_end(frame: Frame) -> bool:
    return frame.name in EVENTS and EVENTS[frame.name].is_terminal


def _final(error: Exception) -> Exception:
    if isinstance(error, Unreachable | Refused):
        return error
    return Unreachable(f"the connection broke, and again and again: {type(error).__name__}")
