"""A database that can't be reached as a process starts: one line that says which and why, and no stack trace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import main as app

URL = "postgresql+psycopg://nobody:hush-hush@127.0.0.1:1/media"


@pytest.mark.parametrize(
    "start",
    [
        lambda settings: app(["migrate"], settings),
        lambda settings: app(["serve"], settings),
    ],
    ids=["migrate", "web"],
)
def test_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], start: Callable[[dict[str, str]], int]) -> None:
    settings = {
        "DATABASE_URL": URL,
        "REDIS_URL": "redis://127.0.0.1:1",
        "DATA_DIR": str(tmp_path / "data"),
        "STORAGE_DIR": str(tmp_path / "store"),
        "PORT": "0",
        "AUTH_SECRET": "x" * 32,
        "PUBLIC_URL": "http://media.test",
    }

    status = start(settings)

    told = capsys.readouterr().err.splitlines()[-1]
    assert status == 1
    assert told.startswith("DATABASE_URL: ")
    assert "port 1" in told
    assert "hush" not in told
