"""Fixtures that tests of several packages share."""

import shutil
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from jobs.migrations import configuration
from tests.clock import ManualClock

pytest.register_assert_rewrite("tests.contract", "tests.factories", "tests.listeners", "tests.readers")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


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
