"""What many ask for at about the same time, done in one go: a group commit.

Who finds nothing under way is served at once. What comes meanwhile waits for that to end, and is the next group
together; so groups grow with the load, and nobody ever waits for company.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

PATIENCE_SECONDS = 1.0
MOST = 64
"""How many are served in one go: more would wait for each other longer than they save."""


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Q, A]):
    question: Q
    asked_at: float
    answer: asyncio.Future[A]


class Gathering(Generic[Q, A]):
    """Serves groups, one after the other."""

    def __init__(
        self,
        serve: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]],
        *,
        common: tuple[type[Exception], ...],
        most: int = MOST,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`serve` answers each question of a group, in its order.

        What it raises of the `common` errors is everybody's answer, and that of whoever has been waiting for `patience`
        seconds by then: else who waits behind many would wait for as long as all of them. With another error each is
        served alone, for one question is at fault: it must be harmless to serve one again.
        """
        self._serve = serve
        self._common = common
        self._most = most
        self._patience = patience
        self._waiting: deque[_Asked[Q, A]] = deque()
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to `question`, or the error that is its answer. Who is cancelled may be answered all the same."""
        loop = asyncio.get_running_loop()
        asked: _Asked[Q, A] = _Asked(question, loop.time(), loop.create_future())
        self._waiting.append(asked)
        if self._serving is None:
            # In no context: a group is nobody's own, and the first one's request is not what the others log.
            self._serving = asyncio.create_task(self._run(), name="gathering", context=Context())
        try:
            return await asked.answer
        finally:
            # An error knows this frame, and the frame must not know the error.
            del asked

    async def _run(self) -> None:
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                # Who went away before anything was done for them wants nothing any more.
                await self._answer([each for each in group if not each.answer.done()])
        finally:
            self._serving = None

    def _give_up(self, error: Exception) -> None:
        """Answer those who have waited for too long behind what failed."""
        latest = asyncio.get_running_loop().time() - self._patience
        while self._waiting and self._waiting[0].asked_at <= latest:
            answer = self._waiting.popleft().answer
            if not answer.done():
                answer.set_exception(error)

    async def _answer(self, group: Sequence[_Asked[Q, A]]) -> None:
        if not group:
            return
        answers: Sequence[A | Exception]
        try:
            answers = await self._serve([each.question for each in group])
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what they waited for
            if len(group) > 1 and not isinstance(error, self._common):
                for each in group:
                    await self._answer([each])
                return
            answers = [error] * len(group)
            self._give_up(error)
        except BaseException:
            for each in group:
                each.answer.cancel()
            raise
        for asked, answer in zip(group, answers, strict=True):
            if asked.answer.done():
                continue
            if isinstance(answer, Exception):
                asked.answer.set_exception(answer)
            else:
                asked.answer.set_result(answer)
