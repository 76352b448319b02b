"""What a measured service stands on: a PostgreSQL, a Redis and a directory, of its own, and gone with it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.postgres import PostgresServer, running_postgres
from tests.redis import RedisServer, running_redis

DATABASE = "bench"


@dataclass(frozen=True, slots=True)
class Backing:
    """Running, with an empty database named `DATABASE`."""

    postgres: PostgresServer
    redis: RedisServer
    directory: Path

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE)

    @property
    def settings(self) -> dict[str, Any]:
        """What the service has to be told of it."""
        return {
            "database_url": self.database_url,
            "redis_url": self.redis.url,
            "storage_dir": self.directory / "store",
        }


@contextmanager
def backing() -> Iterator[Backing]:
    """All three, for as long as the context lasts."""
    with (
        running_postgres() as postgres,
        running_redis() as redis,
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
    ):
        with postgres.connect() as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        yield Backing(postgres, redis, Path(directory))
