"""The XML API of the fake: what browsers do with signed URLs and sessions, and what the service opens sessions with."""

from urllib.parse import quote

from aiohttp import web

from tests.gcs.bucket import Refusal
from tests.gcs.serving import admit, body_of, bounds_of, generation_of, send_object, serve_session, state_of

OBJECT = "/{bucket}/{name:.+}"
IF_GENERATION = "x-goog-if-generation-match"


def routes() -> list[web.RouteDef]:
    return [
        web.get(OBJECT, get_object, name="object"),
        web.put(OBJECT, put_object),
        web.post(OBJECT, open_session, name="open"),
        web.delete(OBJECT, delete_object),
        web.options(OBJECT, preflight),
    ]


async def get_object(request: web.Request) -> web.StreamResponse:
    state = admit(request)
    stored = state.bucket.get(request.match_info["name"])
    disposition = request.query.get("response-content-disposition")
    named = {"Content-Disposition": disposition} if disposition else {}
    return await send_object(request, stored, {"ETag": f'"{stored.etag}"', **named})


async def put_object(request: web.Request) -> web.Response:
    if key := request.query.get("upload_id"):
        return await serve_session(request, key)
    state = admit(request)
    least, most = bounds_of(request) or (0, 5 * 2**40)
    if request.content_length is None:
        raise Refusal(411, "A Content-Length is needed.")
    if not least <= request.content_length <= most:
        raise Refusal(400, "EntityTooLarge" if request.content_length > most else "EntityTooSmall")
    expected = generation_of(request.headers, IF_GENERATION)
    state.bucket.check_generation(request.match_info["name"], expected)
    data, is_whole = await body_of(request, state)
    if not is_whole:
        raise Refusal(400, "The body is incomplete.")
    made = state.bucket.put(request.match_info["name"], data, request.headers.get("Content-Type"), expected)
    return web.Response(headers={"ETag": f'"{made.etag}"', "x-goog-generation": str(made.generation)})


async def open_session(request: web.Request) -> web.Response:
    state = admit(request)
    if request.headers.get("x-goog-resumable") != "start" or request.content_length != 0:
        raise Refusal(400, "A session begins with x-goog-resumable: start, and without a body.")
    key = state.sessions.start(
        request.match_info["name"],
        request.headers.get("Content-Type"),
        if_generation=generation_of(request.headers, IF_GENERATION),
        bounds=bounds_of(request),
        origin=request.headers.get("Origin"),
    )
    target = f"{request.url.origin()}{quote(request.path, safe='/')}?upload_id={key}"
    return web.Response(status=201, headers={"Location": target})


async def delete_object(request: web.Request) -> web.Response:
    if key := request.query.get("upload_id"):
        return await serve_session(request, key)
    state = admit(request)
    state.bucket.delete(request.match_info["name"], generation_of(request.headers, IF_GENERATION))
    return web.Response(status=204)


async def preflight(request: web.Request) -> web.Response:
    state_of(request)
    return web.Response()
