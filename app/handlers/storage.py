"""`/storage/*`: the objects of a store of our own, by signed URL; stands where a bucket's own address would."""

from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from email.utils import format_datetime
from urllib.parse import quote

from aiohttp import hdrs, web

from app.documents import has_tag
from app.keys import CLOCK, OWN_STORE, STORED_HOOK
from app.problems import BodyError
from app.reading import check_encoding, pieces_of
from storage.content_range import ChunkRefused
from storage.own import OwnStore
from storage.ranges import if_range_matches, parse_range
from storage.resumable import PutHeaders, TypeChanged
from storage.signing import ReadGrant, SessionGrant, SessionNotFound, WriteGrant
from storage.store import MediaObject, RangeNotSatisfiable, StorageError
from storage.turns import TakenOver

INLINE = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/avif",
    "video/mp4",
    "video/webm",
    "video/quicktime",
)
SESSION_CODES: Mapping[type[StorageError], str] = {
    SessionNotFound: "not_found",
    TypeChanged: "unsupported_media_type",
    TakenOver: "rate_limited",
    ChunkRefused: "bad_request",
}
"""The problem that each refusal of an upload session is; the first that fits."""


async def serve_object(request: web.Request) -> web.StreamResponse:
    """Answer GET, HEAD, PUT and DELETE for the bearer of a signed URL.

    Raises what the store and the signer raise, and `BodyError` for what an upload session refuses.
    """
    own = request.app[OWN_STORE]
    if own is None:
        raise web.HTTPNotFound
    store, signer = own
    with _session_refusals():
        grant = signer.verify(
            request.method, request.match_info["path"], request.query, request.headers, request.app[CLOCK]()
        )
        match grant:
            case ReadGrant():
                return await _read(request, store, grant)
            case WriteGrant():
                return await _write(request, store, grant)
            case SessionGrant():
                return await _serve_session(request, store, grant)


@contextmanager
def _session_refusals() -> Iterator[None]:
    try:
        yield
    except tuple(SESSION_CODES) as error:
        code = next(code for kind, code in SESSION_CODES.items() if isinstance(error, kind))
        raise BodyError(code, str(error)) from error


async def _write(request: web.Request, store: OwnStore, grant: WriteGrant) -> web.Response:
    check_encoding(request)
    stored = await store.put_signed(grant, pieces_of(request), request.content_length)
    _tell(request, grant.path, stored.size, stored.size)
    return web.Response(status=200, headers={hdrs.ETAG: f'"{stored.etag}"'})


async def _serve_session(request: web.Request, store: OwnStore, grant: SessionGrant) -> web.Response:
    """Answer in Google's protocol (`Store.start_resumable`): 200 when complete, 308 before, 499 for a cancellation."""
    if request.method == hdrs.METH_DELETE:
        await store.cancel_session(grant)
        return web.Response(status=499, reason="Client Closed Request")
    check_encoding(request)
    given = request.headers
    state = await store.put_session(
        grant,
        PutHeaders(given.get(hdrs.CONTENT_RANGE), request.content_length, given.get(hdrs.CONTENT_TYPE)),
        pieces_of(request),
        lambda committed, total: _tell(request, grant.path, committed, total),
    )
    if state.is_complete:
        return web.Response(status=200, headers={hdrs.ETAG: f'"{state.etag}"'})
    headers = {hdrs.RANGE: state.range} if state.range else {}
    return web.Response(status=308, reason="Resume Incomplete", headers=headers)


def _tell(request: web.Request, path: str, committed: int, total: int | None) -> None:
    hook = request.app.get(STORED_HOOK)
    if hook is not None:
        hook(path, committed, total)


async def _read(request: web.Request, store: OwnStore, grant: ReadGrant) -> web.StreamResponse:
    described = await store.stat(grant.path)
    headers = _headers(described, grant)
    if _is_known(request, described):
        return web.Response(status=304, headers=headers)
    try:
        wanted = _wanted(request, described)
    except RangeNotSatisfiable:
        raise_range = {hdrs.CONTENT_RANGE: f"bytes */{described.size}"}
        raise web.HTTPRequestRangeNotSatisfiable(headers=raise_range) from None
    start, stop = wanted or (0, described.size)
    if wanted is not None:
        headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{described.size}"
    headers[hdrs.CONTENT_LENGTH] = str(stop - start)
    response = web.StreamResponse(status=206 if wanted else 200, headers=headers)
    if request.method == hdrs.METH_HEAD or start == stop:
        await response.prepare(request)
        return response
    opened = await store.open(grant.path, start=start, stop=stop)
    async with aclosing(opened.chunks) as chunks:
        await response.prepare(request)
        async for chunk in chunks:
            await response.write(chunk)
    await response.write_eof()
    return response


def _wanted(request: web.Request, described: MediaObject) -> tuple[int, int] | None:
    """The range to send; None for the whole (RFC 9110, sections 13.1.5 and 14.2)."""
    if_range = request.headers.get(hdrs.IF_RANGE)
    if if_range is not None and not if_range_matches(if_range, described.etag, described.created_at):
        return None
    return parse_range(request.headers.get(hdrs.RANGE), described.size)


def _is_known(request: web.Request, described: MediaObject) -> bool:
    return has_tag(request.headers.get(hdrs.IF_NONE_MATCH), f'"{described.etag}"')


def _headers(described: MediaObject, grant: ReadGrant) -> dict[str, str]:
    """What comes with an object: whatever a user managed to store, it can't act as a page of this origin."""
    headers = {
        hdrs.CONTENT_TYPE: described.content_type,
        hdrs.ETAG: f'"{described.etag}"',
        hdrs.LAST_MODIFIED: format_datetime(described.created_at, usegmt=True),
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if grant.filename is not None:
        headers[hdrs.CONTENT_DISPOSITION] = f"attachment; filename*=UTF-8''{quote(grant.filename, safe='')}"
    elif described.content_type not in INLINE:
        headers[hdrs.CONTENT_DISPOSITION] = "attachment"
    return headers
