"""Readiness: whether this process should get requests, and which dependency keeps it from serving them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from schema.responses import DependencyState

log = structlog.get_logger(__name__)

CHECK_SECONDS = 1.7
"""Longer than the dependencies' own patience, so that what they do at its end is done; `/readyz` answers within 2."""

Check = Callable[[], Awaitable[object]]


class Readiness:
    """Runs the checks side by side; each is given a bounded time, and any failure of it means "not ready"."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._last: dict[str, DependencyState] = {}
        self._asked: dict[str, asyncio.Task[object]] = {}
        self.is_draining = False

    async def look(self) -> dict[str, DependencyState]:
        """Each dependency with "ok" or "failed"; changes are logged once."""
        results = await asyncio.gather(*(self._run(name, check) for name, check in self._checks.items()))
        state = dict(zip(self._checks, results, strict=True))
        for name, result in state.items():
            if self._last.get(name, "ok") != result:
                log.warning("dependency_changed", dependency=name, state=result)
        self._last = state
        return state

    async def _run(self, name: str, check: Check) -> DependencyState:
        """Ask, or wait with whoever has asked already. A check that does not end is left, and asked no second time.

        Cancelling one may take long itself: psycopg has a silent server confirm it, for five seconds.
        """
        task = self._asked.get(name)
        if task is None or task.done():
            task = self._asked[name] = asyncio.ensure_future(_asked(check))
        done, _ = await asyncio.wait({task}, timeout=CHECK_SECONDS)
        if not done:
            task.cancel()
        error = TimeoutError() if not done or task.cancelled() else task.exception()
        if error is None:
            return "ok"
        log.debug("check_failed", error=type(error).__name__)
        return "failed"


async def _asked(check: Check) -> object:
    return await check()
