"""Waiting for a provider's own job: asked after ever more rarely, through hiccups, and called off when we stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from actors.providers.base import Errand, ProviderError

T = TypeVar("T")

CALL_OFF_SECONDS = 10.0
_HICCUPS = frozenset({"provider_unavailable", "timeout", "rate_limited"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to ask: pauses in seconds, each longer than the last up to the longest; `patience` hiccups in a row."""

    first_seconds: float = 1.0
    longest_seconds: float = 10.0
    growth: float = 1.5
    patience: int = 10
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def polled(ask: Callable[[], Awaitable[T | None]], pace: Pace) -> T:
    """What `ask` says once it is something. The job is under way and paid for: a question that fails is asked again.

    Raises the `ProviderError` that is no hiccup, or one too many.
    """
    pause, hiccups = pace.first_seconds, 0
    while True:
        wait = pause
        try:
            answer = await ask()
            hiccups = 0
        except ProviderError as error:
            hiccups += 1
            if error.code not in _HICCUPS or hiccups > pace.patience:
                raise
            answer, wait = None, error.retry_after or pause
        if answer is not None:
            return answer
        await pace.sleep(wait)
        pause = min(pause * pace.growth, pace.longest_seconds)


async def seen_through(
    errand: Errand,
    submit: Callable[[], Awaitable[str]],
    look: Callable[[str], Awaitable[T | None]],
    call_off: Callable[[str], Awaitable[object]],
    pace: Pace,
) -> T:
    """What `look` says at last of the provider's job: the one that is noted, else one that is submitted now."""
    job = errand.id or await submitted(errand, submit, call_off)
    async with called_off(errand, partial(call_off, job)):
        return await polled(partial(look, job), pace)


async def submitted(
    errand: Errand, submit: Callable[[], Awaitable[str]], call_off: Callable[[str], Awaitable[object]]
) -> str:
    """The id that `submit` answers with, once it is noted.

    A stop that comes before the answer waits for it for a moment: else what was accepted would run on unseen.
    """

    async def keep(accepted: str) -> None:
        await (errand.note if errand.goes_on else call_off)(accepted)

    accepted = await seen_to_its_end(submit(), keep)
    async with called_off(errand, lambda: call_off(accepted)):
        await errand.note(accepted)
    return accepted


async def seen_to_its_end(work: Awaitable[T], then: Callable[[T], Awaitable[object]]) -> T:
    """What `work` gives. A stop in its midst waits for it for a moment, does `then` with what came, and goes on."""
    begun = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(begun)
    except asyncio.CancelledError:
        # Whatever goes wrong now, it was a stop.
        with suppress(Exception):
            async with asyncio.timeout(CALL_OFF_SECONDS):
                await then(await begun)
        raise


@asynccontextmanager
async def called_off(errand: Errand, call_off: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Have the provider's job stopped when the work inside is, unless another attempt goes on with it."""
    try:
        yield
    except ProviderError:
        raise
    except BaseException:
        if not errand.goes_on:
            with suppress(ProviderError, TimeoutError):
                async with asyncio.timeout(CALL_OFF_SECONDS):
                    await call_off()
        raise
