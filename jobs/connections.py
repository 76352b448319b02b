"""Connections to a real Redis: bounded in number and in patience, so that an absent one holds nobody up for long."""

from redis import Redis as BlockingRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from schema.settings import SettingsError

CONNECT_SECONDS = 1.0
COMMAND_SECONDS = 1.0
POOL_CONNECTIONS = 64
RETRIES = 1
"""A pooled connection may be one that a restarted Redis has closed: the second try is on a new one. What is sent twice
by it does no harm: the log's script knows what it has taken, and a wake-up may come twice."""


def async_redis(url: str) -> Redis:
    """A client for the event loop. Raises `SettingsError` for what is no URL of a Redis."""
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=POOL_CONNECTIONS,
            timeout=COMMAND_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=COMMAND_SECONDS,
            socket_keepalive=True,
            retry=AsyncRetry(NoBackoff(), RETRIES, supported_errors=(RedisConnectionError,)),
        )
    except (ValueError, RedisError) as error:
        raise SettingsError(f"REDIS_URL: {error}") from error
    return Redis.from_pool(pool)


def blocking_redis(url: str) -> BlockingRedis:
    """A client for Dramatiq's threads. Raises `SettingsError` for what is no URL of a Redis."""
    try:
        return BlockingRedis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=COMMAND_SECONDS,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), RETRIES, supported_errors=(RedisConnectionError,)),
        )
    except (ValueError, RedisError) as error:
        raise SettingsError(f"REDIS_URL: {error}") from error
