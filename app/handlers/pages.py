"""The page at `/`, and the session that it opens where no auth is configured."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from aiohttp import web

from app.answers import answer
from app.body import no_body
from app.keys import SESSIONS, SETTINGS, URLS
from schema.responses import Session

_INLINE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


@cache
def page(media_origin: str, bucket_origin: str | None) -> tuple[bytes, str]:
    """The page's bytes and the policy that allows its own inline code, and media from where the API's URLs lead."""
    body = (resources.files("app") / "static" / "index.html").read_bytes()
    hashes = {tag: _hash(code) for tag, code in _INLINE.findall(body)}
    bucket = f" {bucket_origin}" if bucket_origin else ""
    policy = (
        f"default-src 'none'; script-src {hashes[b'script']}; style-src {hashes[b'style']}; "
        f"img-src 'self' data: blob: {media_origin}{bucket}; media-src 'self' blob: {media_origin}{bucket}; "
        f"connect-src 'self'{bucket}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return body, policy


def _hash(code: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'"


async def show_page(request: web.Request) -> web.Response:
    """The page."""
    body, policy = page(request.app[URLS].public_url, request.app[SETTINGS].bucket_origin)
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


async def open_session(request: web.Request) -> web.Response:
    """Sign the page in, in development."""
    sessions = request.app[SESSIONS]
    if sessions is None:
        raise web.HTTPNotFound
    await no_body(request)
    token, identity = sessions.open(request.host, request.headers.get("Origin"))
    expires_at = datetime.fromtimestamp(identity.expires_at, UTC)
    return answer(Session(token=token, user_id=identity.user, expires_at=expires_at), status=201)
