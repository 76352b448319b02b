"""`/events`: the caller's events as a stream, one job's events, and tickets for clients that can't send headers."""

import asyncio
import random
from http import HTTPStatus

from aiohttp import HttpVersion11, web

from app.answers import answer
from app.auth import Unauthenticated
from app.body import no_body
from app.keys import CLOCK, EXPIRES_AT, HUB, JOBS, SETTINGS, USER
from app.sse.hub import Connection
from app.sse.response import StreamResponse, retry_line
from jobs.announcer import payload_of
from jobs.eventid import EventId
from jobs.eventlog import CursorGone, Entry, frame_of
from jobs.repositories.events import StoredEvent
from jobs.tickets import TICKET_SECONDS, Admission
from schema.events import Reset
from schema.responses import Ticket

AGE_JITTER = 0.2
UNKNOWN = EventId("0" * 16, 0, 0)
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

    async def begin(cursor: EventId, reason: str | None) -> bytes:
        snapshot = await request.app[JOBS].service.snapshot(owner, job_id)
        block = b"id: %b\n%b" % (str(cursor).encode(), frame_of("snapshot", payload_of(snapshot)))
        return retry_line() + (_reset(cursor, reason) if reason else b"") + block

    response = StreamResponse()
    connection = Connection(
        owner=owner,
        stream=request.app[HUB].stream(
            _transport(request), is_chunked=_is_chunked(request), job_id=job_id, ends_with_job=False
        ),
        response=response,
        fallback=begin,
        resume_from=resume_id(request),
    )
    return await _serve(request, response, connection)


async def stream_job(request: web.Request) -> web.StreamResponse:
    """One job's events, all that are kept and those to come, until its end."""
    owner, job_id = request[USER], request.match_info["job_id"]
    ending = await request.app[JOBS].service.ending(owner, job_id)
    resume = resume_id(request)
    if ending is not None and ending.published_id:
        return await _serve_ended(request, owner, ending, resume)

    async def begin(cursor: EventId, reason: str | None) -> bytes:
        block = b"id: %b\n\n" % str(cursor).encode()
        return retry_line() + (_reset(cursor, reason) if reason else block)

    response = StreamResponse()
    connection = Connection(
        owner=owner,
        stream=request.app[HUB].stream(
            _transport(request), is_chunked=_is_chunked(request), job_id=job_id, ends_with_job=True
        ),
        response=response,
        fallback=begin,
        resume_from=resume,
        begin_at=None if resume else await request.app[JOBS].log.first_of(job_id),
    )
    return await _serve(request, response, connection)


async def _serve(request: web.Request, response: StreamResponse, connection: Connection) -> web.StreamResponse:
    hub = request.app[HUB]
    async with hub.attached(connection):
        await response.prepare(request)
        end = asyncio.get_running_loop().call_later(_longest_age(request), connection.stream.finish)
        try:
            hub.catch_up(connection)
            await connection.stream.finished
        finally:
            end.cancel()
    if not _transport(request).is_closing():
        await response.write_eof()
    return response


async def _serve_ended(
    request: web.Request, owner: str, ending: StoredEvent, resume: EventId | None
) -> web.StreamResponse:
    """What a client has not seen of a job that has ended; 204 when it saw the end, which stops an `EventSource`."""
    last = EventId.parse(ending.published_id or "")
    if resume is not None and last is not None and resume.epoch == last.epoch and resume >= last:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    response = StreamResponse()
    await response.prepare(request)
    missed = [] if resume is None else await _missed(request, owner, ending, resume)
    blocks = [b"id: %b\n%b" % (str(entry.id).encode(), entry.frame) for entry in missed]
    if not blocks:
        blocks = [b"id: %b\n%b" % ((ending.published_id or "").encode(), frame_of(ending.name, ending.payload))]
    await response.write(retry_line() + b"".join(blocks))
    await response.write_eof()
    return response


async def _missed(request: web.Request, owner: str, ending: StoredEvent, resume: EventId) -> list[Entry]:
    """The job's events behind `resume`, its end included; nothing when the log does not have them all."""
    missed: list[Entry] = []
    try:
        while entries := await request.app[JOBS].log.after(owner, resume):
            missed += [entry for entry in entries if entry.job_id == ending.job_id]
            if missed and missed[-1].is_terminal:
                return missed
            resume = entries[-1].id
    except CursorGone:
        return []
    return []


def resume_id(request: web.Request) -> EventId | None:
    """The id to resume from: the header's, else the query's; an empty one is none."""
    text = request.headers.get("Last-Event-ID") or request.query.get("lastEventId")
    return (EventId.parse(text) or UNKNOWN) if text else None


def _reset(cursor: EventId, reason: str | None) -> bytes:
    return b"id: %b\n%b" % (str(cursor).encode(), frame_of("reset", payload_of(Reset(reason=reason or ""))))


def _transport(request: web.Request) -> asyncio.Transport:
    if request.transport is None:
        # The client left before anything was said.
        raise ConnectionResetError
    return request.transport


def _is_chunked(request: web.Request) -> bool:
    return request.version >= HttpVersion11


def _longest_age(request: web.Request) -> float:
    """Seconds until the stream ends: by its token, or by its age, drawn so that not all end at once."""
    spread = random.uniform(1 - AGE_JITTER, 1 + AGE_JITTER)  # noqa: S311  # jitter, no secret
    by_token = request[EXPIRES_AT] - request.app[CLOCK]().timestamp()
    return max(0.0, min(request.app[SETTINGS].stream_seconds * spread, by_token))
