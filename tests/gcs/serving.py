"""What the handlers of the fake share: who may ask, what breaks, and how bodies come in and go out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import ClientError, web

from tests.gcs.accounts import EMAIL, Account
from tests.gcs.bucket import Bucket, Refusal, Stored
from tests.gcs.faults import FAULT, Cut, Faults, cut
from tests.gcs.sessions import Session, Sessions
from tests.gcs.signatures import check_signature, is_signed

PIECE_BYTES = 64 * 1024


@dataclass
class State:
    """Everything that there is. `received` counts the bytes of all bodies that went to sessions."""

    bucket: Bucket
    faults: Faults
    account: Account
    most_of_page: int = 1000
    received: int = 0
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.bucket)


STATE = web.AppKey("state", State)


def state_of(request: web.Request) -> State:
    """The fake, for a request that is about its bucket."""
    state = request.app[STATE]
    if request.match_info.get("bucket", state.bucket.name) != state.bucket.name:
        raise Refusal(404, "The specified bucket does not exist.")
    return state


def admit(request: web.Request, *known: str) -> State:
    """The fake, for whoever has a token, or a signed URL in the XML API; `known` are the parameters it may have."""
    state = state_of(request)
    if is_signed(request):
        check_signature(request, EMAIL, state.account.public_key, state.bucket.clock())
    else:
        state.account.check(request.headers.get("Authorization"))
        unknown = set(request.query) - {*known, "fields"}
        if unknown:
            raise Refusal(400, f"Unknown parameters: {sorted(unknown)}")
    return state


def generation_of(values: Mapping[str, str], name: str) -> int | None:
    """The generation that a parameter or a header names."""
    value = values.get(name)
    if value is not None and not value.isdigit():
        raise Refusal(400, f"{name} is no generation.")
    return None if value is None else int(value)


def bounds_of(request: web.Request) -> tuple[int, int] | None:
    """Both ends of `x-goog-content-length-range`."""
    header = request.headers.get("x-goog-content-length-range")
    if header is None:
        return None
    least, comma, most = header.partition(",")
    if not (least.isdigit() and comma and most.isdigit() and int(least) <= int(most)):
        raise Refusal(400, "x-goog-content-length-range is none.")
    return int(least), int(most)


async def body_of(request: web.Request, state: State) -> tuple[bytearray, bool]:
    """What arrives of a body, and whether that is all of it."""
    fault = request.get(FAULT)
    most = fault.after if isinstance(fault, Cut) else None
    data = bytearray()
    try:
        async for chunk in request.content.iter_any():
            data += chunk
            state.received += len(chunk)
            if most is not None and len(data) >= most:
                cut(request)
                return data[:most], False
    except (OSError, ClientError, web.RequestPayloadError):
        return data, False
    return data, True


async def serve_session(request: web.Request, key: str) -> web.Response:
    """A PUT or a DELETE to a session: whoever has its URI may send, and no token is looked at."""
    state = state_of(request)
    if request.method == "DELETE":
        state.sessions.cancel(key)
        return web.Response(status=499, reason="Client Closed Request")
    session = state.sessions.find(key)
    data, is_whole = await body_of(request, state)
    state.sessions.take(session, request.headers.get("Content-Range"), data, is_whole=is_whole)
    return _progress(session)


def _progress(session: Session) -> web.Response:
    if session.made is not None:
        return web.json_response(session.made.resource, headers={"ETag": f'"{session.made.etag}"'})
    headers = {"Range": session.range} if session.range else {}
    return web.Response(status=308, reason="Resume Incomplete", headers=headers)


async def send_object(request: web.Request, stored: Stored, headers: Mapping[str, str]) -> web.StreamResponse:
    """Answer with an object's bytes or the range of them that was asked for."""
    start, stop = _range_of(request, len(stored.data))
    is_partial = "Range" in request.headers
    span = {"Content-Range": f"bytes {start}-{stop - 1}/{len(stored.data)}"} if is_partial else {}
    response = web.StreamResponse(status=206 if is_partial else 200, headers={**headers, **span})
    response.content_length = stop - start
    response.headers["Content-Type"] = stored.content_type or "application/octet-stream"
    await response.prepare(request)
    fault = request.get(FAULT)
    until = min(stop, start + fault.after) if isinstance(fault, Cut) else stop
    view = memoryview(stored.data)
    for at in range(start, until, PIECE_BYTES):
        await response.write(bytes(view[at : min(at + PIECE_BYTES, until)]))
    if isinstance(fault, Cut):
        cut(request)
        return response
    await response.write_eof()
    return response


def _range_of(request: web.Request, size: int) -> tuple[int, int]:
    try:
        asked = request.http_range
    except ValueError:
        raise Refusal(400, "The range is none.") from None
    start, stop = asked.start or 0, size if asked.stop is None else min(asked.stop, size)
    if "Range" in request.headers and not 0 <= start < stop:
        raise Refusal(416, "The requested range cannot be satisfied.")
    return start, stop
