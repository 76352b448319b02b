"""Readiness: whether this process should get requests, and which dependency keeps it from serving them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from schema.responses import DependencyState

log = structlog.get_logger(__name__)

CHECK_SECONDS = 1.5

Check = Callable[[], Awaitable[object]]


class Readiness:
    """Runs the checks side by side; each is given a bounded time, and any failure of it means "not ready"."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._last: dict[str, DependencyState] = {}
        self.is_draining = False

    async def look(self) -> dict[str, DependencyState]:
        """Each dependency with "ok" or "failed"; changes are logged once."""
        results = await asyncio.gather(*(self._run(check) for check in self._checks.values()))
        state = dict(zip(self._checks, results, strict=True))
        for name, result in state.items():
            if self._last.get(name, "ok") != result:
                log.warning("dependency_changed", dependency=name, state=result)
        self._last = state
        return state

    async def _run(self, check: Check) -> DependencyState:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await check()
        except Exception as error:  # noqa: BLE001  # whatever a dependency raises, it does not serve
            log.debug("check_failed", error=type(error).__name__)
            return "failed"
        return "ok"
