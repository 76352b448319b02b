"""What surrounds every request: its id, its log line and its metrics, its errors, its origin and its user."""

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Middleware

from app.auth import Identity, Unauthenticated
from app.connection import connection_of
from app.handlers.events import admit_by_ticket
from app.keys import ANSWERED_AT, AUTHENTICATOR, BEGUN, EXPIRES_AT, REQUEST_ID, USER
from app.observer import Observer
from app.problems import Description, describe, problem
from jobs.ids import new_id

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(:[0-9]{0,5})?")
_ALLOWED_METHODS = "GET, HEAD, POST, PUT, DELETE"
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Content-Range, Idempotency-Key, If-Range, Last-Event-ID, Range, "
    "traceparent, tracestate, X-Request-Id, x-upload-content-length-range"
)
_EXPOSED_HEADERS = "Content-Range, ETag, Idempotency-Replayed, Location, Range, Retry-After, X-Request-Id"
_PREFLIGHT_SECONDS = "600"


def boundary(observer: Observer) -> Middleware:
    """The outermost: a request id for everything, an observer of each request, a problem for each error."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id = _request_id(request)
        request[REQUEST_ID] = request_id
        with _attended(request), _knowing_what_begun(request), observer.watching(request, request_id) as seen:
            try:
                _check_head(request)
                response = await handler(request)
            except Exception as error:  # noqa: BLE001  # whatever it is, the client gets an answer
                is_left = _is_left(request, error)
                response = _answer_to(request, error, request_id)
                if not is_left and (response.status == 500 or request[BEGUN] is not None):  # noqa: PLR2004
                    observer.failed(request, error)
                # The request of an unknown route keeps its error, which would keep the request by its traceback.
                error.__traceback__ = None
            seen.status = response.status
        return response

    return middleware


@contextmanager
def _attended(request: web.Request) -> Iterator[None]:
    """Tell the connection that it is not idle; nor is it after a request whose body nobody read to the end."""
    connection = connection_of(request.transport)
    if connection is None:
        yield
        return
    connection.begin()
    try:
        yield
    finally:
        if request.content.is_eof():
            connection.end()


@contextmanager
def _knowing_what_begun(request: web.Request) -> Iterator[None]:
    """Have `mark` note the answer that has begun. No longer than it is asked for: answers know their requests, and what
    knows each other waits for a collection of garbage.
    """
    request[BEGUN] = None
    try:
        yield
    finally:
        del request[BEGUN]


def _answer_to(request: web.Request, error: Exception, request_id: str) -> web.StreamResponse:
    if (begun := request[BEGUN]) is not None:
        # A second head would be taken for a part of the body. Cut off, the client knows that something is missing.
        if request.transport is not None:
            request.transport.abort()
        return begun
    if isinstance(error, web.HTTPRedirection):
        return error
    return problem(request, describe(error) or Description("internal_error"), request_id)


def _check_head(request: web.Request) -> None:
    """What the parser lets pass, and RFC 9112 (sections 2.3 and 3.2) does not. Raises `HTTPBadRequest`."""
    if request.version > HttpVersion11 or not _HOST.fullmatch(request.headers.get(hdrs.HOST, "")):
        raise web.HTTPBadRequest


def _is_left(request: web.Request, error: Exception) -> bool:
    """Whether it is the client's going that the error tells of."""
    return isinstance(error, ConnectionError) and (request.transport is None or request.transport.is_closing())


def _request_id(request: web.Request) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if _SANE_ID.fullmatch(given) else new_id()


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: what every answer carries, streams included."""
    request[ANSWERED_AT] = time.monotonic()
    if BEGUN in request:
        request[BEGUN] = response
    if REQUEST_ID not in request:
        request[REQUEST_ID] = _request_id(request)
        if isinstance(response, web.HTTPExpectationFailed):
            _explain(request, response)
    response.headers["X-Request-Id"] = request[REQUEST_ID]
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # The libraries' versions are nobody's business.
    response.headers[hdrs.SERVER] = "media-pipeline"


def _explain(request: web.Request, response: web.HTTPExpectationFailed) -> None:
    """Make a problem of what aiohttp answers before any middleware, where an expectation meets no route."""
    document = problem(request, Description("expectation_failed"), request[REQUEST_ID])
    response.body = document.body
    response.headers.update(document.headers)
    response.headers[hdrs.CONTENT_LENGTH] = str(document.content_length)


def cross_origin(origins: frozenset[str]) -> Middleware:
    """CORS (Fetch, section 3.2) for exact origins; a preflight is answered here."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin not in origins:
            return await handler(request)
        if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
            return web.Response(status=204, headers=_preflight(request))
        return await handler(request)

    return middleware


def _preflight(request: web.Request) -> Mapping[str, str]:
    headers: dict[str, str] = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: _ALLOWED_METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _ALLOWED_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: _PREFLIGHT_SECONDS,
    }
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return headers


def mark_origin(origins: frozenset[str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Signal handler: who may read the answer, problems and streams included."""

    async def marker(request: web.Request, response: web.StreamResponse) -> None:
        if not origins:
            return
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        origin = request.headers.get(hdrs.ORIGIN)
        if origin in origins:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED_HEADERS

    return marker


def authentication(public: frozenset[str], by_ticket: frozenset[str]) -> Middleware:
    """Everything needs a user, except the routes named in `public`; those in `by_ticket` take a ticket, too."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.match_info.route.name
        if request.match_info.http_exception is None and name not in public:
            identity = await _identify(request, takes_ticket=name in by_ticket)
            request[USER], request[EXPIRES_AT] = identity.user, identity.expires_at
        return await handler(request)

    return middleware


async def _identify(request: web.Request, *, takes_ticket: bool) -> Identity:
    if takes_ticket and "ticket" in request.query and hdrs.AUTHORIZATION not in request.headers:
        admission = await admit_by_ticket(request)
        return Identity(admission.owner, admission.expires_at)
    values = request.headers.getall(hdrs.AUTHORIZATION, [])
    if len(values) > 1:
        raise Unauthenticated(was_given=True)
    return await request.app[AUTHENTICATOR].identify(values[0] if values else None)
