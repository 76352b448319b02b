"""The route table: every endpoint with its name, its method and whether it needs a user.

What each takes and answers stands in `app.reference`, by the route's name.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import HttpVersion11, hdrs, web
from pydantic.alias_generators import to_camel

from app.handlers import descriptions, events, generation, jobs, media, operations, pages, storage, uploads, usage

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `is_fixed` ones stand outside of BASE_PATH; `query` are the parameters that it takes."""

    name: str
    method: str
    path: str
    handler: Handler
    is_public: bool = False
    takes_ticket: bool = False
    is_fixed: bool = False
    query: tuple[str, ...] = ()


_PAGE = ("limit", "cursor")
OBJECT = r"(?!(?:upload/(?:init|complete|abort)|delete)$).+"
"""No object is called as what else stands below `/media`: there another method is a 405."""

ROUTES: tuple[Route, ...] = (
    Route("page", "GET", "/", pages.show_page, is_public=True),
    Route("asset", "GET", "/studio/assets/{name}", pages.show_asset, is_public=True),
    Route("open_session", "POST", "/studio/session", pages.open_session, is_public=True),
    Route("generate_image", "POST", "/generate/image", generation.generate_image),
    Route("generate_video", "POST", "/generate/video", generation.generate_video),
    Route("list_models", "GET", "/models", generation.list_models),
    Route("list_jobs", "GET", "/jobs", jobs.list_jobs, query=("status", "kind", *_PAGE)),
    Route("get_job", "GET", "/jobs/{job_id}", jobs.get_job),
    Route("delete_job", "DELETE", "/jobs/{job_id}", jobs.delete_job),
    Route("cancel_job", "POST", "/jobs/{job_id}/cancel", jobs.cancel_job),
    Route(
        "stream_job",
        "GET",
        "/jobs/{job_id}/events",
        events.stream_job,
        takes_ticket=True,
        query=("ticket", "lastEventId"),
    ),
    Route("make_ticket", "POST", "/events/ticket", events.make_ticket),
    Route(
        "stream_events",
        "GET",
        "/events",
        events.stream_all,
        takes_ticket=True,
        query=("ticket", "lastEventId", "jobId"),
    ),
    Route("open_upload", "POST", "/media/upload/init", uploads.open_upload),
    Route("complete_upload", "POST", "/media/upload/complete", uploads.complete_upload),
    Route("abort_upload", "POST", "/media/upload/abort", uploads.abort_upload),
    Route("show_usage", "GET", "/usage", usage.show_usage, query=("since", "until")),
    Route("erase_me", "DELETE", "/me", jobs.erase_me),
    Route("list_media", "GET", "/media", media.list_media, query=("prefix", "kind", "source", *_PAGE)),
    Route("delete_media_list", "POST", "/media/delete", media.delete_many),
    Route("get_media", "GET", f"/media/{{path:{OBJECT}}}", media.get_media),
    Route("delete_media", "DELETE", f"/media/{{path:{OBJECT}}}", media.delete_media),
    Route("open_file", "GET", "/files/{key}", media.open_file, is_public=True),
    Route("read_object", "GET", "/storage/{path:.+}", storage.serve_object, is_public=True),
    Route("write_object", "PUT", "/storage/{path:.+}", storage.serve_object, is_public=True),
    Route("abort_object", "DELETE", "/storage/{path:.+}", storage.serve_object, is_public=True),
    Route("health", "GET", "/healthz", operations.health, is_public=True, is_fixed=True),
    Route("ready", "GET", "/readyz", operations.ready, is_public=True, is_fixed=True),
    Route("metrics", "GET", "/metrics", operations.metrics, is_public=True, is_fixed=True),
    Route("openapi", "GET", "/openapi.json", descriptions.show_openapi, is_public=True),
    Route("asyncapi", "GET", "/asyncapi.json", descriptions.show_asyncapi, is_public=True),
    Route("docs", "GET", "/docs", descriptions.show_docs, is_public=True),
    Route("docs_part", "GET", "/docs/{name}", descriptions.show_part, is_public=True),
)

STREAMS = frozenset(route.name for route in ROUTES if route.takes_ticket)
PUBLIC = frozenset(name for route in ROUTES if route.is_public for name in (route.name, f"{route.name}_head"))
QUERIES: Mapping[str, frozenset[str]] = {
    name: frozenset(route.query)
    for route in ROUTES
    if not route.is_public
    for name in (route.name, f"{route.name}_head")
}
"""The parameters of each route that takes no others. Pages and capabilities may be linked to with anything behind
them; a signed URL has its own rule."""


def documented_path(path: str) -> str:
    """A route's path as the docs write it: names in camelCase, without what they may match."""
    return re.sub(r"\{(\w+)(:[^}]*)?\}", lambda found: f"{{{to_camel(found[1])}}}", path)


def add_routes(app: web.Application, base_path: str) -> None:
    """Put the table into the application; what answers GET with a body answers HEAD, too, unless it never ends."""
    for route in ROUTES:
        path = route.path if route.is_fixed else base_path + route.path
        app.router.add_route(route.method, path, route.handler, name=route.name, expect_handler=expect)
        if route.method == "GET" and not route.takes_ticket:
            app.router.add_route("HEAD", path, route.handler, name=f"{route.name}_head", expect_handler=expect)


async def expect(request: web.Request) -> None:
    """Tell a client that waits to go on (RFC 9110, section 10.1.1); what nobody knows may be left unmet.

    aiohttp's own handler refuses that outside of every middleware, as plain text.
    """
    if request.version >= HttpVersion11 and request.headers[hdrs.EXPECT].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
