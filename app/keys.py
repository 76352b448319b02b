"""Where the application keeps what its handlers use."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry

from app.auth import Authenticator, DevelopmentSessions
from app.documents import Document
from app.sse.hub import Hub
from jobs.assembly import Jobs
from jobs.catalogue import ModelCatalogue
from jobs.clock import Clock
from jobs.readiness import Readiness
from jobs.urls import Urls
from schema.settings import Settings
from storage.own import Owned
from storage.store import Store

SETTINGS = web.AppKey("settings", Settings)
URLS = web.AppKey("urls", Urls)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
METRICS = web.AppKey("metrics", CollectorRegistry)
AUTHENTICATOR = web.AppKey("authenticator", Authenticator)
SESSIONS: web.AppKey[DevelopmentSessions | None] = web.AppKey("sessions")
MODELS = web.AppKey("models", ModelCatalogue)
JOBS = web.AppKey("jobs", Jobs)
HUB = web.AppKey("hub", Hub)
STORE: web.AppKey[Store] = web.AppKey("store")
OWN_STORE: web.AppKey[Owned | None] = web.AppKey("own_store")
"""The store whose objects this service serves itself, and what its URLs are signed with; None beside a bucket."""
STORED_HOOK: web.AppKey[Callable[[str, int, int | None], None]] = web.AppKey("stored_hook")
"""Told path, committed bytes and total (None: unknown yet) of uploads into the own store; neither blocks nor raises."""
READINESS = web.AppKey("readiness", Readiness)
OPENAPI: web.AppKey[Callable[[], Document]] = web.AppKey("openapi")
ASYNCAPI: web.AppKey[Callable[[], Document]] = web.AppKey("asyncapi")
"""Both are made when they are first asked for."""

USER = web.RequestKey("user", str)
EXPIRES_AT = web.RequestKey("expires_at", float)
"""When the token that the request came with expires, in seconds since 1970."""
REQUEST_ID = web.RequestKey("request_id", str)
BEGUN: web.RequestKey[web.StreamResponse | None] = web.RequestKey("begun")
"""The response whose head is out: nothing else can be answered any more."""
ANSWERED_AT = web.RequestKey("answered_at", float)
"""When that was, in seconds that never go back."""
