"""Tickets: capabilities to open one event stream once, for clients that can't send headers."""

import json
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs.eventlog import LogUnavailable
from jobs.ids import new_key

TICKET_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Admission:
    """Whose stream a ticket opens, and until when (seconds since 1970) its maker's token is good."""

    owner: str
    expires_at: float


class Tickets:
    """Kept in Redis, so that any web process takes a ticket that any other gave. Raises `LogUnavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, admission: Admission) -> str:
        """A new ticket."""
        ticket = new_key()
        value = json.dumps([admission.owner, admission.expires_at])
        try:
            await self._redis.set(f"mp:ticket:{ticket}", value, ex=TICKET_SECONDS)
        except (RedisError, OSError) as error:
            raise LogUnavailable(type(error).__name__) from error
        return ticket

    async def redeem(self, ticket: str) -> Admission | None:
        """Use a ticket up; None when it was used, is too old or was never given."""
        try:
            value = await self._redis.getdel(f"mp:ticket:{ticket}")
        except (RedisError, OSError) as error:
            raise LogUnavailable(type(error).__name__) from error
        return None if value is None else Admission(*json.loads(value))
