"""Who may use the service, as configured: by secrets, by the keys of an issuer, or in development on this machine."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import structlog
from prometheus_client import CollectorRegistry
from yarl import URL

from app.auth import Authenticator
from app.keyclient import KeyClient
from app.keyring import KeyRing
from jobs.background import stop
from jobs.clock import Clock
from schema.settings import Settings
from storage.secrets import kept_secret

log = structlog.get_logger(__name__)

SECRET_NAME = "auth-secret"  # noqa: S105  # a file's name


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """What HS256 tokens are signed with; without any configured auth a secret that is made once."""
    if settings.has_auth:
        return tuple(secret.get_secret_value() for secret in settings.auth_secret)
    return (kept_secret(settings.data_dir, SECRET_NAME),)


def authenticator_of(settings: Settings, clock: Clock, keys: KeyRing | None = None) -> Authenticator:
    """Who checks tokens, and makes them where there is a secret."""
    return Authenticator(
        secrets_of(settings), clock, keys=keys, issuer=settings.auth_issuer, audience=settings.auth_audience
    )


@asynccontextmanager
async def authentication(settings: Settings, clock: Clock, metrics: CollectorRegistry) -> AsyncIterator[Authenticator]:
    """The authenticator, its keys being looked after for as long as the context lasts.

    Nothing waits for the first look: an endpoint that is down keeps no process from starting.
    """
    if settings.auth_jwks_url is None:
        yield authenticator_of(settings, clock)
        return
    if settings.auth_audience is None:
        log.warning("any_audience", setting="AUTH_AUDIENCE")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        ring = KeyRing(KeyClient(session, URL(settings.auth_jwks_url)), metrics, now=time.monotonic)
        looking = asyncio.create_task(ring.run(), name="key-ring")
        try:
            yield authenticator_of(settings, clock, ring)
        finally:
            await stop(looking)
            await ring.close()
