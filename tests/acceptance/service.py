"""A whole service in this process, put together as `app.main.serve` does it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from prometheus_client import CollectorRegistry

from app.application import make_app
from app.keys import OWN_STORE
from app.main import address_of, end_streams, listen
from app.server import serving
from app.standalone import Standalone
from jobs.clock import Clock, system_clock
from jobs.tracing import NO_TRACING, Tracing
from jobs.urls import Urls
from schema.settings import Settings
from storage.memory import MemoryStore
from tests.acceptance.client import SECRET, Client, token_of

_USERS = count(1)


@dataclass(frozen=True)
class Service:
    """Where a service is, and how to become one of its users. `base` is `origin` and the base path."""

    base: str
    origin: str
    session: ClientSession = field(repr=False)

    def client(self, user: str | None = None, **claims: Any) -> Client:
        """A client with a token; of a user that nobody has heard of yet when none is named."""
        name = user or f"user-{next(_USERS)}"
        return Client(self.session, self.base, name, token_of(name, **claims))

    @property
    def nobody(self) -> Client:
        return Client(self.session, self.base, "", None)


@dataclass(frozen=True)
class Hosted(Service):
    """A service whose inside can be looked at."""

    app: web.Application = field(repr=False)

    @property
    def store(self) -> MemoryStore:
        own = self.app[OWN_STORE]
        assert own is not None
        assert isinstance(own[0], MemoryStore)
        return own[0]

    async def stored(self, prefix: str = "") -> list[str]:
        """The paths of what is in the store."""
        return [each.path async for each in self.store.list(prefix)]


@dataclass
class MovedClock:
    """A clock that goes, and can be put forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


def settings_of(directory: Path, **changes: object) -> Settings:
    """Settings as the environment would give them; None for one that is not set."""
    given = {"data_dir": directory, "port": 0, "auth_secret": SECRET, "drain_seconds": 0} | changes
    return Settings.from_environment({name.upper(): str(value) for name, value in given.items() if value is not None})


def new_session() -> ClientSession:
    """Like a browser without its limits: as many connections as wanted, no cookies."""
    return ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), timeout=ClientTimeout(120))


@asynccontextmanager
async def in_process(
    directory: Path,
    make: Callable[..., Standalone] = Standalone,
    clock: Clock = system_clock,
    tracing: Tracing = NO_TRACING,
    **changes: object,
) -> AsyncIterator[Hosted]:
    """Serve on a free port for as long as the context lasts.

    It belongs into a test and not into a fixture: pytest stops the loop between the two, and Dramatiq's threads
    refuse to work on a loop that stands still.
    """
    settings = settings_of(directory, **changes)
    sock = listen(settings)
    urls = Urls(settings.public_url or address_of(settings, sock), settings.base_path)
    metrics = CollectorRegistry()
    standalone = make(settings, urls, clock, metrics, tracing=tracing)
    app = make_app(settings, urls=urls, clock=clock, metrics=metrics, contexts=standalone.contexts(), tracing=tracing)
    app.on_shutdown.append(end_streams)
    with closing(sock):
        async with serving(app, sock, settings, shutdown_seconds=1), new_session() as session:
            origin = address_of(settings, sock)
            yield Hosted(origin + settings.base_path, origin, session, app)
