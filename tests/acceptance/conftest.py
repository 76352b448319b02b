"""What the acceptance tests share: one service in a process of its own, and users that know nothing of one another."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.acceptance.client import Client
from tests.acceptance.process import serving
from tests.acceptance.service import Service, new_session


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a service with the default settings is."""
    with serving(tmp_path_factory.mktemp("data")) as (_, url):
        yield url


@pytest.fixture
async def service(origin: str) -> AsyncIterator[Service]:
    async with new_session() as session:
        yield Service(origin, origin, session)


@pytest.fixture
def alice(service: Service) -> Client:
    return service.client()


@pytest.fixture
def bob(service: Service) -> Client:
    return service.client()
