"""Admission: which models take on a job now, by limits, pauses and breakers that all workers share over Redis."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs.catalogue import fits
from jobs.eventlog import LogUnavailable
from jobs.ids import new_id
from jobs.job import Seat
from schema.menu import Entry, Menu
from schema.models import MediaKind

T = TypeVar("T")

BREAKS_AFTER: Final = 5
"""Failures in a row after which a provider is left alone."""
OPEN_SECONDS: Final = 30.0
REMEMBERED_SECONDS: Final = 600.0

State = Literal["open", "full", "paused", "unavailable"]
_GOES_ON: Final = frozenset({"paused", "unavailable"})
"""Where the next of a chain is asked. For a place among those that are taken a job waits: others would cost it more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job wants: the model that has its work under way already, else one of the chain of the one it asks for."""

    request: Mapping[str, Any]
    under_way: str | None = None

    @property
    def model(self) -> str:
        return self.under_way or str(self.request.get("model", ""))


class Admission:
    """Takes places and gives them back. A menu on which nothing is limited asks Redis nothing."""

    def __init__(self, redis: Redis, menu: Menu | None, *, hold_seconds: float) -> None:
        """`hold_seconds` is for how long a place is held by a worker that does not say that it lives."""
        self._redis = redis
        self._menu = menu
        self._hold_milliseconds = int(hold_seconds * 1000)
        scripts = resources.files("jobs") / "lua"
        self._admit = redis.register_script((scripts / "admit.lua").read_text())
        self._break = redis.register_script((scripts / "breaker.lua").read_text())

    def governs(self, kind: str) -> bool:
        """Whether any model of this kind may have to be waited for."""
        return any(_is_governed(entry) for entry in self._entries() if entry.kind == kind)

    def _entries(self) -> Sequence[Entry]:
        return [] if self._menu is None else self._menu.models

    async def closed(self, kind: MediaKind) -> dict[str, float]:
        """Models that take on nothing now, nor anything in their place: in how many seconds to ask again.

        Zero: when somebody leaves. Where Redis does not answer, nothing that is limited is begun.
        """
        governed = [entry for entry in self._entries() if entry.kind == kind and _is_governed(entry)]
        try:
            states = dict(zip((each.id for each in governed), await self._look(governed), strict=True))
        except LogUnavailable:
            return {entry.id: 0.0 for entry in governed}
        waits = {entry.id: self._wait(entry, states) for entry in governed}
        return {model: wait for model, wait in waits.items() if wait is not None}

    def _wait(self, entry: Entry, states: Mapping[str, tuple[State, float]]) -> float | None:
        """How long until somebody of its chain may serve; None: now."""
        waits = []
        for each in self._menu.chain(entry.id) if self._menu else ():
            state, seconds = states.get(each.id, ("open", 0.0))
            if state == "open":
                return None
            waits.append(seconds)
            if state not in _GOES_ON:
                break
        return min(waits)

    async def _look(self, entries: Iterable[Entry]) -> list[tuple[State, float]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for entry in entries:
                await self._admit(*self._question(entry, "", 1), client=pipeline)
            return [_answer(each) for each in await _translated(pipeline.execute)]

    async def admit(self, wanted: Wanted) -> Seat | None:
        """A seat for a job, at the first of its models that serves; None where it has to wait."""
        with suppress(LogUnavailable):
            for entry in self.chain(wanted):
                seat = Seat(entry.id)
                state = await self._take(seat, entry, 0 if wanted.under_way else int(wanted.request.get("n", 1)))
                if state == "open":
                    return seat
                if state not in _GOES_ON:
                    return None
            return None if self._menu and self._menu.entry(wanted.model) else Seat(wanted.model)
        return None

    def chain(self, wanted: Wanted) -> list[Entry]:
        """The models that may serve, in order: one that can't take the request is left out."""
        if self._menu is None:
            return []
        entries = self._menu.chain(wanted.model)
        return entries[:1] if wanted.under_way else entries[:1] + [e for e in entries[1:] if fits(e, wanted.request)]

    async def move(self, seat: Seat, entry: Entry, outputs: int) -> bool:
        """Go from one model to another; False where that one can't serve at once, and the seat stays."""
        there = Seat(entry.id)
        try:
            if await self._take(there, entry, outputs) != "open":
                return False
        except LogUnavailable:
            return False
        await self.leave(seat)
        seat.model, seat.token = there.model, there.token
        return True

    async def _take(self, seat: Seat, entry: Entry, outputs: int) -> State:
        if not _is_governed(entry):
            return "open"
        seat.token = new_id()
        keys, arguments = self._question(entry, seat.token, outputs)
        state, _ = _answer(await _translated(lambda: self._admit(keys=keys, args=arguments)))
        return state

    def _question(self, entry: Entry, token: str, outputs: int) -> tuple[list[str], list[Any]]:
        rate = entry.rate
        keys = [_places(entry.id), f"mp:rate:{entry.id}", _pause(entry.id), _breaker(entry.provider)]
        return keys, [
            token,
            outputs,
            entry.concurrency or 0,
            self._hold_milliseconds,
            rate.requests if rate else 0,
            int(rate.seconds * 1000) if rate else 0,
            BREAKS_AFTER,
            int(OPEN_SECONDS * 1000),
        ]

    async def keep(self, seat: Seat) -> None:
        """The worker lives: its place is held for as long again."""
        entry = self._menu.entry(seat.model) if self._menu and seat.token else None
        if entry is None or entry.concurrency is None:
            return
        with suppress(LogUnavailable):
            seconds, microseconds = await _translated(self._redis.time)
            until = seconds * 1000 + microseconds // 1000 + self._hold_milliseconds
            await _translated(lambda: self._redis.zadd(_places(seat.model), {seat.token: until}, xx=True))

    async def leave(self, seat: Seat) -> bool:
        """Give the place back; whether it was one that somebody may be waiting for."""
        if not seat.token:
            return False
        token, seat.token = seat.token, ""
        with suppress(LogUnavailable):
            await _translated(lambda: self._redis.zrem(_places(seat.model), token))
        return True

    async def pause(self, model: str, seconds: float) -> None:
        """Its provider asks to be left alone for so long: no worker begins anything at this model."""
        with suppress(LogUnavailable):
            await _translated(lambda: self._redis.set(_pause(model), "1", px=max(1, int(seconds * 1000))))

    async def report(self, model: str, *, is_available: bool) -> None:
        """Whether the provider of a model answered."""
        entry = self._menu.entry(model) if self._menu else None
        if entry is None or not _is_governed(entry):
            return
        key = _breaker(entry.provider)
        with suppress(LogUnavailable):
            if is_available:
                await _translated(lambda: self._redis.delete(key))
            else:
                times = [BREAKS_AFTER, int(OPEN_SECONDS * 1000), int(REMEMBERED_SECONDS * 1000)]
                await _translated(lambda: self._break(keys=[key], args=times))


def _is_governed(entry: Entry) -> bool:
    """Whether it may have to be waited for: by a limit of ours, or because somebody else's server makes it."""
    return entry.provider != "procedural" or entry.concurrency is not None or entry.rate is not None


def _places(model: str) -> str:
    return f"mp:places:{model}"


def _pause(model: str) -> str:
    return f"mp:pause:{model}"


def _breaker(provider: str) -> str:
    return f"mp:breaker:{provider}"


def _answer(raw: Sequence[Any]) -> tuple[State, float]:
    state, milliseconds = raw
    return state.decode(), int(milliseconds) / 1000


async def _translated(command: Callable[[], Awaitable[T]]) -> T:
    try:
        return await command()
    except (RedisError, OSError) as error:
        raise LogUnavailable(type(error).__name__) from error
