"""Batches where each picture is a call of its own and there is no job to look up: what was sent is noted before."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from actors.providers.base import Errand, GenerationRequest, Missing, Output, ProviderError, Reporter
from actors.providers.failures import AnswerLost

Make = Callable[[int], Awaitable[Output]]

SENT = "sent"

_ITS_OWN = frozenset({"content_policy", "no_output"})
"""What befalls one picture and says nothing of the next."""


async def one_by_one(
    request: GenerationRequest, report: Reporter, errand: Errand, make: Make
) -> AsyncGenerator[Output | Missing, None]:
    """Yield what `make` makes of each index. What may have been paid for is not asked for again, whoever was killed.

    The errand is the index that comes next, and "sent" behind it once that was asked for: those before are there.
    Raises `ProviderError`, when there is nothing to show or another attempt goes on from there.
    """
    begin, was_sent = _left_by(errand)
    if was_sent:
        yield _lost(begin, request.n)
        begin += 1
    for index in range(begin, request.n):
        _tell(report, index, request.n)
        try:
            await errand.note(f"{index} {SENT}")
            result: Output | Missing = await make(index)
        except ProviderError as error:
            if error.retryable and not error.maybe_billed:
                await errand.note(str(index))
                raise
            if error.code not in _ITS_OWN:
                for missing in _rest(error, index, request.n):
                    yield missing
                return
            result = _missing(index, error)
        report.units(index + 1, request.n)
        yield result


def _left_by(errand: Errand) -> tuple[int, bool]:
    """Where an earlier attempt stopped, and whether it had asked for that one."""
    index, *sent = (errand.id or "0").split()
    return int(index), sent == [SENT]


def _lost(index: int, n: int) -> Missing:
    """The picture that an earlier attempt asked for and did not live to see."""
    if n == 1:
        raise AnswerLost
    return _missing(index, AnswerLost())


def _rest(error: ProviderError, index: int, n: int) -> list[Missing]:
    """All that will not come, beside what did; the error itself where nothing did."""
    if index == 0:
        raise error
    return [_missing(each, error) for each in range(index, n)]


def _missing(index: int, error: ProviderError) -> Missing:
    return Missing(index, error.code, error.message)


def _tell(report: Reporter, index: int, n: int) -> None:
    if n == 1:
        # One call is all the work, and how far it is nobody knows.
        report.phase("Generating the image")
    else:
        report.units(index, n, f"Generating image {index + 1} of {n}")
