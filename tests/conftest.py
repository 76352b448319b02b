"""Fixtures that tests of several packages share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from alembic import command
from sqlalchemy import create_engine

from jobs.migrations import configuration
from tests.clock import ManualClock
from tests.databases import Place, ServerPlace, SqlitePlace, cluster_place, postgresql_place, stand_in_place
from tests.gcs.accounts import Account
from tests.postgres import PostgresMissing, PostgresServer, running_postgres

pytest.register_assert_rewrite("tests.contract", "tests.factories", "tests.listeners", "tests.readers")


LONG = ("tests/faults/", "tests/deploy/test_image.py", "tests/acceptance/studio/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: files are handed out one by one, and nobody is to be left with the longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def gcs_account() -> Account:
    """Whom the fakes of Google Cloud Storage know: a key of this run's own."""
    return Account()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and no rows: migrating once and copying is quicker than migrating often."""
    file = tmp_path_factory.mktemp("database") / "migrated.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        command.upgrade(configuration(connection), "head")
        connection.commit()
        # As after a first start: several that open the file at once would else all want to change it to this.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    engine.dispose()
    return file


@pytest.fixture
def database_file(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file of the test's own."""
    return Path(shutil.copy(migrated_file, tmp_path / "media.db"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for the whole session; in CI a missing one is a failure."""
    try:
        with running_postgres() as server:
            yield server
    except PostgresMissing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def migrated_postgresql(postgres: PostgresServer) -> ServerPlace:
    return postgresql_place(postgres)


@pytest.fixture(scope="session")
def migrated_cockroachdb(request: pytest.FixtureRequest) -> Iterator[ServerPlace]:
    """A cluster where `COCKROACH_URL` names one, else PostgreSQL under CockroachDB's dialect."""
    if url := os.environ.get("COCKROACH_URL"):
        with cluster_place(url) as place:
            yield place
    else:
        yield stand_in_place(request.getfixturevalue("postgres"))


@pytest.fixture
def postgresql(migrated_postgresql: ServerPlace) -> ServerPlace:
    """A migrated PostgreSQL without rows."""
    migrated_postgresql.empty()
    return migrated_postgresql


@pytest.fixture
def cockroachdb(migrated_cockroachdb: ServerPlace) -> ServerPlace:
    """A migrated CockroachDB, or what stands in for it, without rows."""
    migrated_cockroachdb.empty()
    return migrated_cockroachdb


PLACES = ("sqlite", "postgresql", "cockroachdb")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a place in each, or in those that its mark `places` names."""
    is_chosen = any("place" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "place" in metafunc.fixturenames and not is_chosen:
        mark = metafunc.definition.get_closest_marker("places")
        metafunc.parametrize("place", PLACES if mark is None else mark.args, indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    """One of the databases that the service runs on, migrated, without rows."""
    if request.param == "sqlite":
        return SqlitePlace(request.getfixturevalue("database_file"))
    return cast("ServerPlace", request.getfixturevalue(request.param))


@pytest.fixture(params=["postgresql", "cockroachdb"])
def server_place(request: pytest.FixtureRequest) -> ServerPlace:
    """The two that are servers, migrated, without rows."""
    return cast("ServerPlace", request.getfixturevalue(request.param))
