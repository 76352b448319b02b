"""Batches made one by one, each output a request of its own: what was asked for is noted before it is asked for."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

from actors.providers.base import Errand, GenerationRequest, Missing, Output, ProviderError, Reporter, check_request
from actors.providers.failures import AnswerLost
from actors.providers.http import Calls, HttpApi
from schema.models import ModelInfo

Make = Callable[[int, Errand], Awaitable[Output]]

SENT = "sent"

_ITS_OWN = frozenset({"content_policy", "no_output"})
"""What befalls one output and says nothing of the next."""


_OF_THE_MODEL = frozenset({"model_retired"})
"""What another model may mend: the caller is told, and not only that outputs are missing."""


@asynccontextmanager
async def batch(
    api: HttpApi,
    offered: Sequence[ModelInfo],
    request: GenerationRequest,
    report: Reporter,
    errand: Errand,
    maker: Callable[[Calls], Make],
) -> AsyncIterator[AsyncIterator[Output | Missing]]:
    """A provider's `generate` for a request that one of the `offered` models can take; `maker` gets the job's calls.

    Raises `ProviderError`.
    """
    check_request(offered, request)
    async with api.open() as calls, aclosing(one_by_one(request, report, errand, maker(calls))) as results:
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
        report.units(index + 1, request.n)
        yield result


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
        report.units(index, request.n, f"Generating {request.kind} {index + 1} of {request.n}")
