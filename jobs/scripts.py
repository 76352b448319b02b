"""Scripts that Redis runs; calls of the same moment share a round trip, which costs more than the script."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from jobs.gathering import Gathering


class _Call(NamedTuple):
    keys: Sequence[str]
    arguments: Sequence[Any]


class SharedScript:
    """A script, which must be harmless to run again. Calls are made in the order in which they come."""

    def __init__(self, redis: Redis, text: str) -> None:
        self._redis = redis
        self._script = redis.register_script(text)
        self._calls = Gathering[_Call, Any](self._make, common=(RedisError, OSError))

    async def __call__(self, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """What the script returns. Raises `RedisError`, `OSError`."""
        return await self._calls.ask(_Call(keys, arguments))

    async def _make(self, calls: Sequence[_Call]) -> Sequence[Any]:
        if len(calls) == 1:
            return [await self._make_one(calls[0])]
        pipeline = self._redis.pipeline(transaction=False)
        for keys, arguments in calls:
            pipeline.evalsha(self._script.sha, len(keys), *keys, *arguments)
        answers = await pipeline.execute(raise_on_error=False)
        return [
            # A Redis that was emptied or replaced doesn't know the script, and is given it so.
            await self._make_one(call) if isinstance(answer, NoScriptError) else answer
            for call, answer in zip(calls, answers, strict=True)
        ]

    async def _make_one(self, call: _Call) -> Any:
        return await self._script(keys=call.keys, args=call.arguments)
