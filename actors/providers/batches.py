"""Batches made one by one, each output a request of its own: what was asked for is noted before it is asked for."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from actors.providers.base import Errand, GenerationRequest, Missing, Output, ProviderError, Reporter, check_request
from actors.providers.failures import AnswerLost
from actors.providers.http import Calls, HttpApi
from schema.models import ModelInfo

Make = Callable[[int, Errand], Awaitable[Output]]

SENT = "sent"
GRAIN = 100
"""The units of each output, for APIs that tell how far one is."""

_ITS_OWN = frozenset({"content_policy", "no_output"})
"""What befalls one output and says nothing of the next."""


_OF_THE_MODEL = frozenset({"model_retired"})
"""What another model may mend: the caller is told, and not only that outputs are missing."""


@dataclass(frozen=True, slots=True)
class BatchProvider(ABC):
    """A provider whose outputs are a request each. `offered` are its models. Implements `Provider` but for the name."""

    api: HttpApi
    offered: Sequence[ModelInfo]

    @abstractmethod
    def maker(self, calls: Calls, request: GenerationRequest, report: Reporter, scratch: Path) -> Make:
        """What makes each output of one job."""

    def models(self) -> tuple[ModelInfo, ...]:
        return tuple(self.offered)

    @asynccontextmanager
    async def generate(
        self, request: GenerationRequest, report: Reporter, scratch: Path, errand: Errand
    ) -> AsyncIterator[AsyncIterator[Output | Missing]]:
        check_request(self.offered, request)
        async with self.api.open() as calls:
            make = self.maker(calls, request, report, scratch)
            async with aclosing(one_by_one(request, report, errand, make)) as results:
                yield results


async def one_by_one(
    request: GenerationRequest, report: Reporter, errand: Errand, make: Make
) -> AsyncGenerator[Output | Missing, None]:
    """Yield what `make` makes of each index. What may have been paid for is not asked for again, whoever was killed.

    The errand is the index that comes next, and behind it "sent" once that was asked for, or the id of the provider's
    job where `make` notes one: then it is picked up. Raises `ProviderError`, when there is nothing to show or another
    attempt goes on from there.
    """
    begin, left = _left_by(errand)
    if left == SENT:
        yield _lost(begin, request.n)
        begin, left = begin + 1, None
    for index in range(begin, request.n):
        _tell(report, index, request)
        nth = _Nth(errand, index, left if index == begin else None)
        try:
            result: Output | Missing = await _made(make, index, nth)
        except ProviderError as error:
            if error.retryable:
                raise
            if error.code not in _ITS_OWN:
                for missing in _rest(error, index, request.n):
                    yield missing
                return
            result = _missing(index, error)
        report.units((index + 1) * GRAIN, request.n * GRAIN)
        yield result


class Share:
    """How far one output of a batch is: units among those of the whole batch, which never fall."""

    def __init__(self, report: Reporter, request: GenerationRequest, index: int) -> None:
        self._report = report
        self._request = request
        self._index = index
        self._reached = 0

    def at(self, done: float, total: float, message: str = "") -> None:
        """`done` of `total` of this output's work is finished, as the provider says."""
        reached = int(GRAIN * min(max(done / total, 0.0), 1.0)) if total > 0 else 0
        if reached > self._reached:
            self._reached = reached
            self._report.units(self._index * GRAIN + reached, self._request.n * GRAIN, message)


class _Nth:
    """The errand of one output in the batch's own."""

    def __init__(self, batch: Errand, index: int, id: str | None) -> None:
        self._batch = batch
        self._index = index
        self.id = id

    @property
    def goes_on(self) -> bool:
        return self._batch.goes_on

    async def note_sent(self) -> None:
        """It is about to be asked for: from here on it may be paid for."""
        await self._batch.note(f"{self._index} {SENT}")

    async def note(self, id: str) -> None:
        self.id = id
        await self._batch.note(f"{self._index} {id}")

    async def forget(self) -> None:
        self.id = None
        await self._batch.forget()

    def cost(self, amount: float) -> None:
        self._batch.cost(amount)


async def _made(make: Make, index: int, errand: _Nth) -> Output:
    if errand.id is None:
        await errand.note_sent()
    try:
        return await make(index, errand)
    except ProviderError as error:
        if error.retryable and errand.id is None:
            # The provider said no to it, so it may be asked again.
            await errand.forget()
        raise


def _left_by(errand: Errand) -> tuple[int, str | None]:
    """Where an earlier attempt stopped, and what of it is under way."""
    index, _, left = (errand.id or "0").partition(" ")
    return int(index), left or None


def _lost(index: int, n: int) -> Missing:
    """The output that an earlier attempt asked for and did not live to see."""
    if n == 1:
        raise AnswerLost
    return _missing(index, AnswerLost())


def _rest(error: ProviderError, index: int, n: int) -> list[Missing]:
    """All that will not come, beside what did; the error itself where nothing did, or where another model may help."""
    if index == 0 or error.code in _OF_THE_MODEL:
        raise error
    return [_missing(each, error) for each in range(index, n)]


def _missing(index: int, error: ProviderError) -> Missing:
    return Missing(index, error.code, error.message)


def _tell(report: Reporter, index: int, request: GenerationRequest) -> None:
    if request.n == 1:
        # One request is all the work, and how far it is nobody knows.
        report.phase(f"Generating the {request.kind}")
    else:
        report.units(index * GRAIN, request.n * GRAIN, f"Generating {request.kind} {index + 1} of {request.n}")
