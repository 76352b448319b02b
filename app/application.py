"""The application: routes and what surrounds them. Building it does no I/O; its resources come with its contexts."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry

from app.body import MAX_BODY_BYTES
from app.clients import Clients
from app.keys import ASYNCAPI, CLOCK, METRICS, OPENAPI, SETTINGS, URLS
from app.middleware import authentication, boundary, cross_origin, mark, mark_origin
from app.observer import Observer
from app.queries import known_queries
from app.reference.asyncapi import asyncapi
from app.reference.documents import once
from app.reference.openapi import openapi
from app.routes import PUBLIC, QUERIES, STREAMS, add_routes
from jobs.clock import Clock
from jobs.tracing import NO_TRACING, Tracing
from jobs.urls import Urls
from schema.settings import Settings

Context = Callable[[web.Application], AsyncIterator[None]]


def make_app(
    settings: Settings,
    *,
    urls: Urls,
    clock: Clock,
    metrics: CollectorRegistry,
    contexts: tuple[Context, ...],
    tracing: Tracing = NO_TRACING,
) -> web.Application:
    """An application whose `contexts` open its resources in order when it starts and close them in reverse."""
    origins = frozenset(settings.cors_origins)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[
            boundary(Observer(metrics, tracing, Clients(settings.trusted_proxies))),
            cross_origin(origins),
            authentication(PUBLIC, STREAMS),
            known_queries(QUERIES),
        ],
    )
    app[SETTINGS] = settings
    app[URLS] = urls
    app[CLOCK] = clock
    app[METRICS] = metrics
    app[OPENAPI] = once(app, openapi)
    app[ASYNCAPI] = once(app, asyncapi)
    app.on_response_prepare.append(mark)
    app.on_response_prepare.append(mark_origin(origins))
    app.cleanup_ctx.extend(contexts)
    add_routes(app, settings.base_path)
    return app
