"""`/media` and `/files`: the library and its permanent URLs."""

from aiohttp import web

from app.answers import answer
from app.body import cursor_of, fitted, page_of, read_json
from app.keys import JOBS, SETTINGS, STORE, USER
from schema.requests import MediaDeletion, MediaFilter
from schema.responses import Deletion, Deletions


async def list_media(request: web.Request) -> web.Response:
    """A page of the library."""
    names = ("prefix", "kind", "source")
    wanted = fitted(MediaFilter, {name: request.query[name] for name in names if name in request.query})
    limit, before = page_of(request)
    page = await request.app[JOBS].library.list(
        request[USER], prefix=wanted.prefix, kind=wanted.kind, source=wanted.source, before=before, limit=limit
    )
    return answer(page.model_copy(update={"next_cursor": cursor_of(page.next_cursor)}))


async def get_media(request: web.Request) -> web.Response:
    """One object's description."""
    return answer(await request.app[JOBS].library.get(request[USER], request.match_info["path"]))


async def delete_media(request: web.Request) -> web.Response:
    """Remove one object; once more is no error."""
    await request.app[JOBS].library.delete(request[USER], request.match_info["path"])
    return web.Response(status=204)


async def delete_many(request: web.Request) -> web.Response:
    """Remove several objects."""
    paths = fitted(MediaDeletion, await read_json(request)).paths
    were_there = await request.app[JOBS].library.delete_many(request[USER], paths)
    results = [
        Deletion(path=path, status=204 if was_there else 404) for path, was_there in zip(paths, were_there, strict=True)
    ]
    return answer(Deletions(results=results))


async def open_file(request: web.Request) -> web.Response:
    """Send the bearer of a permanent URL on to where the bytes are now."""
    path = await request.app[JOBS].library.stored_path(request.match_info["key"])
    url = await request.app[STORE].get_url(path, expires_in=request.app[SETTINGS].url_seconds)
    # The target expires and the object may be deleted: the next visit has to ask again.
    return web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
