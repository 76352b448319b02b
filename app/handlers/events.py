"""`/events`: the caller's events as a stream, one job's events, and tickets for clients that can't send headers."""

import asyncio
import random
from functools import partial
from http import HTTPStatus

from aiohttp import HttpVersion11, web

from app.answers import answer
from app.auth import Unauthenticated
from app.body import no_body
from app.keys import CLOCK, EXPIRES_AT, HUB, JOBS, REQUEST_ID, SETTINGS, USER
from app.sse.replay import Connection
from app.sse.response import StreamResponse, retry_line
from app.takeover import take_over
from jobs.announcer import payload_of
from jobs.eventid import EventId
from jobs.eventlog import CursorGone, Entry, frame_of, with_id
from jobs.job import StoredEvent
from jobs.service import JobService
from jobs.tickets import TICKET_SECONDS, Admission
from schema.events import Reset
from schema.responses import Ticket

AGE_JITTER = 0.2
UNKNOWN = EventId.of("0" * 16, 0, 0)
"""Stands for an id that this service never gave: no log has it, so the stream starts over."""


async def make_ticket(request: web.Request) -> web.Response:
    """A capability to open one stream once."""
    await no_body(request)
    admission = Admission(request[USER], request[EXPIRES_AT])
    ticket = await request.app[JOBS].tickets.issue(admission)
    return answer(Ticket(ticket=ticket, expires_in=TICKET_SECONDS), status=201)


async def admit_by_ticket(request: web.Request) -> Admission:
    """Whom the request's ticket admits. Raises `Unauthenticated`."""
    admission = await request.app[JOBS].tickets.redeem(request.query["ticket"])
    if admission is None:
        raise Unauthenticated(was_given=True)
    return admission


async def stream_all(request: web.Request) -> web.StreamResponse:
    """Every event of the caller, or of one job of his, beginning with a snapshot or behind the last id."""
    owner, job_id = request[USER], request.query.get("jobId")
    if job_id is not None:
        await request.app[JOBS].service.get(owner, job_id)

    connection = Connection(
        owner=owner,
        stream=request.app[HUB].stream(is_chunked=_is_chunked(request), job_id=job_id, ends_with_job=False),
        fallback=partial(_snapshot, request.app[JOBS].service, owner, job_id),
        resume_from=resume_id(request),
        request_id=request[REQUEST_ID],
    )
    return await _serve(request, connection)


async def stream_job(request: web.Request) -> web.StreamResponse:
    """One job's events, all that are kept and those to come, until its end."""
    owner, job_id = request[USER], request.match_info["job_id"]
    ending = await request.app[JOBS].service.ending(owner, job_id)
    resume = resume_id(request)
    if ending is not None:
        told = await request.app[JOBS].outbox.told_as(ending)
        return await _serve_ended(request, owner, ending, EventId.parse(told), resume)
    connection = Connection(
        owner=owner,
        stream=request.app[HUB].stream(is_chunked=_is_chunked(request), job_id=job_id, ends_with_job=True),
        fallback=_nothing_but_id,
        resume_from=resume,
        request_id=request[REQUEST_ID],
        tells_whole_job=True,
    )
    return await _serve(request, connection)


async def _snapshot(
    service: JobService, owner: str, job_id: str | None, cursor: EventId | None, reason: str | None
) -> bytes:
    """How a stream of everything begins: with the state as it is."""
    snapshot = await service.snapshot(owner, job_id)
    block = _with_id(cursor, frame_of("snapshot", payload_of(snapshot)))
    return retry_line() + (_reset(cursor, reason) if reason else b"") + block


async def _nothing_but_id(cursor: EventId | None, reason: str | None) -> bytes:
    """How a job's stream begins."""
    return retry_line() + (_reset(cursor, reason) if reason else _with_id(cursor, b"\n" if cursor else b""))


async def _serve(request: web.Request, connection: Connection) -> web.StreamResponse:
    """Answer, and leave the connection to the stream. Nothing of the request is kept; see `app.takeover`."""
    hub, stream, response = request.app[HUB], connection.stream, StreamResponse()
    response.close_behind()
    await hub.join(connection)
    try:
        await response.prepare(request)
        if stream.is_finished:
            # The process is shutting down.
            await response.write_eof()
            return response
        stream.begin(take_over(request, stream))
    except BaseException:
        stream.finish()
        raise
    stream.end = asyncio.get_running_loop().call_later(_longest_age(request), stream.finish)
    hub.catch_up(connection)
    return response


async def _serve_ended(
    request: web.Request, owner: str, ending: StoredEvent, last: EventId | None, resume: EventId | None
) -> web.StreamResponse:
    """What a client has not seen of a job that has ended; 204 when it saw the end, which stops an `EventSource`.

    `last` is the id of the end; None: nobody knows it any more.
    """
    if resume is not None and last is not None and resume.epoch == last.epoch and resume >= last:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    response = StreamResponse()
    await response.prepare(request)
    missed = [] if resume is None else await _told(request, owner, ending, resume)
    blocks = [entry.frame for entry in missed]
    if not blocks:
        blocks = [_with_id(last, frame_of(ending.name, ending.payload))]
    await response.write(retry_line() + b"".join(blocks))
    await response.write_eof()
    return response


async def _told(request: web.Request, owner: str, ending: StoredEvent, resume: EventId) -> list[Entry]:
    """The job's events behind `resume`, its end included; nothing when the log does not have them all."""
    log = request.app[JOBS].log
    told: list[Entry] = []
    try:
        entries = await log.after(owner, resume)
        while entries:
            told += [entry for entry in entries if entry.job_id == ending.job_id]
            if told and told[-1].is_terminal:
                return told
            entries = await log.after(owner, entries[-1].id)
    except CursorGone:
        return []
    return []


def resume_id(request: web.Request) -> EventId | None:
    """The id to resume from: the header's, else the query's; an empty one is none."""
    text = request.headers.get("Last-Event-ID") or request.query.get("lastEventId")
    return (EventId.parse(text) or UNKNOWN) if text else None


def _reset(cursor: EventId | None, reason: str) -> bytes:
    return _with_id(cursor, frame_of("reset", payload_of(Reset(reason=reason))))


def _with_id(id: EventId | None, frame: bytes) -> bytes:
    return frame if id is None else with_id(id, frame)


def _is_chunked(request: web.Request) -> bool:
    return request.version >= HttpVersion11


def _longest_age(request: web.Request) -> float:
    """Seconds until the stream ends: by its token, or by its age, drawn so that not all end at once."""
    spread = random.uniform(1 - AGE_JITTER, 1 + AGE_JITTER)  # noqa: S311  # jitter, no secret
    by_token = request[EXPIRES_AT] - request.app[CLOCK]().timestamp()
    return max(0.0, min(request.app[SETTINGS].stream_seconds * spread, by_token))
