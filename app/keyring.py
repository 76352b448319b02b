"""The public keys that tokens are verified with, kept up to date: rotation is noticed, and an outage is survived."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter

from app.jwks import KeySet, KeySetMalformed, VerificationKey, key_set_of
from jobs.background import stop

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 30.0
"""Between two looks at the endpoint: for how long a key that was removed there is still taken."""
RETRY_SECONDS = 5.0
"""The same while the endpoint fails."""
LEAST_SECONDS = 2.0
"""Between two looks, whatever asks for one: tokens with ids of keys that nobody has must not hammer the endpoint."""


class KeysUnavailable(Exception):
    """The endpoint did not give its keys, so nobody can say whether a token is good."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A key set as the endpoint gave it, and the tag by which to ask whether it has changed."""

    document: bytes
    etag: str | None


class KeySource(Protocol):
    """Where the keys come from."""

    async def fetch(self, etag: str | None) -> Fetched | None:
        """The key set; None when it is still the one of `etag`. Raises `KeysUnavailable`, within some seconds."""
        ...


class KeyRing:
    """Holds the last key set that was fetched, for as long as no newer one can be had.

    One look at a time, and `LEAST_SECONDS` from one to the next. A token whose key is unknown waits for a look that
    began after it came: so a key is taken as soon as it is published, and no good token is refused for being quick.
    """

    def __init__(
        self,
        source: KeySource,
        metrics: CollectorRegistry,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`now` gives seconds that never go back."""
        self._source = source
        self._now = now
        self._sleep = sleep
        self._keys: KeySet = {}
        self._etag: str | None = None
        self._begun = self._ended = 0
        """The numbers of the last look that began, and of the last that ended."""
        self._looked_at = -math.inf
        self._has_failed = False
        self._looking: asyncio.Task[None] | None = None
        self._refreshes = Counter(
            "media_key_refreshes_total", "Looks at the keys of tokens, by outcome.", ["outcome"], registry=metrics
        )

    async def find(self, kid: str, algorithm: str) -> VerificationKey | None:
        """The key of a token; None when it is known that there is no such key. Raises `KeysUnavailable`."""
        # One that is under way by now may have left before the key was published.
        wanted = self._begun + 1
        while (key := self._keys.get((kid, algorithm))) is None:
            if self._has_failed and self._now() < self._looked_at + LEAST_SECONDS:
                raise KeysUnavailable
            if self._ended >= wanted:
                return None
            await self._look()
        return key

    async def run(self) -> None:
        """Look every now and then, until cancelled."""
        while True:
            await self._look()
            await self._sleep(RETRY_SECONDS if self._has_failed else REFRESH_SECONDS)

    async def close(self) -> None:
        """End a look that is under way."""
        if self._looking is not None:
            await stop(self._looking)

    async def _look(self) -> None:
        """Wait for the look that is under way, or for a new one."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_when_it_may_be(), name="keys")
        # Whoever leaves must not take the look with him: others wait for it.
        await asyncio.shield(self._looking)

    async def _look_when_it_may_be(self) -> None:
        await self._sleep(max(0.0, self._looked_at + LEAST_SECONDS - self._now()))
        self._begun += 1
        begun_at = self._now()
        try:
            outcome = self._take(await self._source.fetch(self._etag))
        except (KeysUnavailable, KeySetMalformed) as error:
            outcome = "failed"
            if not self._has_failed:
                log.warning("keys_unavailable", error=type(error).__name__, reason=str(error), known=len(self._keys))
        except Exception:
            outcome = "failed"
            log.exception("keys_failed")
        self._has_failed = outcome == "failed"
        self._looked_at, self._ended = begun_at, self._begun
        self._refreshes.labels(outcome).inc()

    def _take(self, fetched: Fetched | None) -> str:
        keys = self._keys if fetched is None else key_set_of(fetched.document)
        is_changed = keys != self._keys
        if fetched is not None:
            self._keys, self._etag = keys, fetched.etag
        if is_changed or self._has_failed:
            log.info("keys_refreshed", known=len(keys))
        return "changed" if is_changed else "unchanged"
