"""One Redis for each test of faults, which may do with it what it likes."""

import os
from collections.abc import Iterator

import pytest

from tests.redis import RedisMissing, RedisServer, running_redis


@pytest.fixture
def fault_redis() -> Iterator[RedisServer]:
    """In CI a missing Redis is a failure."""
    try:
        with running_redis() as server:
            yield server
    except RedisMissing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
