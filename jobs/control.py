"""Word from the web side to the workers over Redis: which job to stop. Best effort; the heartbeat tells it, too."""

from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs.eventlog import LogUnavailable

CANCEL_CHANNEL = "mp:cancel"


class Control:
    """Says it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def cancel(self, job_id: str) -> None:
        """Ask the worker that has this job to stop. Raises `LogUnavailable`."""
        try:
            await self._redis.publish(CANCEL_CHANNEL, job_id)
        except (RedisError, OSError) as error:
            raise LogUnavailable(type(error).__name__) from error


class CancelListener:
    """Hears it; `stop` is called with the job's id."""

    def __init__(self, stop: Callable[[str], None]) -> None:
        self._stop = stop

    def heard(self, payload: bytes) -> None:
        self._stop(payload.decode())

    def interrupted(self) -> None:
        """Nothing to do: heartbeats go on telling."""

    def resumed(self) -> None:
        """Nothing to do: heartbeats told meanwhile."""
