"""`/openapi.json`, `/asyncapi.json` and `/docs`: what the API says of itself, for programs and for people."""

import asyncio
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from aiohttp import web

from app.documents import Document, answer_with, document
from app.keys import ASYNCAPI, OPENAPI

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "swagger-ui-bundle.js": "text/javascript",
        "swagger-ui.css": "text/css",
        "page.js": "text/javascript",
        "page.css": "text/css",
    }
)
"""What the page is made of, and what each part is."""

# The renderer needs no inline code and no inline style; its pictures are in its style sheet.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def show_openapi(request: web.Request) -> web.Response:
    """The API."""
    return answer_with(request, await asyncio.to_thread(request.app[OPENAPI]))


async def show_asyncapi(request: web.Request) -> web.Response:
    """The event streams."""
    return answer_with(request, await asyncio.to_thread(request.app[ASYNCAPI]))


async def show_docs(request: web.Request) -> web.Response:
    """The page that shows the first of the two."""
    response = answer_with(request, await asyncio.to_thread(_part, "index.html", "text/html"))
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def show_part(request: web.Request) -> web.Response:
    """One part of the page."""
    name = request.match_info["name"]
    if name not in PARTS:
        raise web.HTTPNotFound
    return answer_with(request, await asyncio.to_thread(_part, name, PARTS[name]))


@cache
def _part(name: str, content_type: str) -> Document:
    return document((resources.files("app") / "static" / "docs" / name).read_bytes(), content_type)
