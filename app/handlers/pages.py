"""The studio at `/`, its assets, and the session that it opens where no auth is configured."""

import asyncio
from datetime import UTC, datetime

from aiohttp import hdrs, web

from app.answers import answer
from app.body import no_body
from app.documents import answer_with
from app.keys import SESSIONS, SETTINGS, URLS
from app.studio import assets, page, policy
from schema.responses import Session


async def show_page(request: web.Request) -> web.Response:
    """The page."""
    response = answer_with(request, page(has_users=request.app[SESSIONS] is None))
    response.headers["Content-Security-Policy"] = policy(
        request.app[URLS].public_url, request.app[SETTINGS].bucket_origin
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def show_asset(request: web.Request) -> web.Response:
    """A script, a style or an icon of the page, to be kept for ever: other content has another name."""
    asset = (await asyncio.to_thread(assets)).get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    response = answer_with(request, asset)
    response.headers[hdrs.CACHE_CONTROL] = "public, max-age=31536000, immutable"
    return response


async def open_session(request: web.Request) -> web.Response:
    """Sign the page in, in development."""
    sessions = request.app[SESSIONS]
    if sessions is None:
        raise web.HTTPNotFound
    await no_body(request)
    token, identity = sessions.open(request.host, request.headers.get("Origin"))
    expires_at = datetime.fromtimestamp(identity.expires_at, UTC)
    return answer(Session(token=token, user_id=identity.user, expires_at=expires_at), status=201)
