"""`python -m app config`: every setting, where it comes from, and no secret."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from schema.settings import Settings

SECRET = "a secret of more than 32 characters that is nobody's business"
PRIVATE = {
    "AUTH_SECRET": SECRET,
    "STORAGE_SECRET": SECRET,
    "DATABASE_URL": "postgresql://media:database-password@db/media",
    "REDIS_URL": "redis://:redis-password@redis/0",
    "STORAGE_DIR": "/media",
}


def lines_of(capsys: pytest.CaptureFixture[str], environment: Mapping[str, str]) -> dict[str, Any]:
    assert main(["config", "--json"], environment) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["name"]: line for line in lines}


def test_every_setting_is_told_with_its_value_and_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines_of(capsys, {"PORT": "9000", "CORS_ORIGINS": "http://a.example,http://b.example"})

    assert list(told) == [name.upper() for name in Settings.model_fields]
    assert told["PORT"] == {"name": "PORT", "value": 9000, "source": "environment", "secret": False}
    assert told["CORS_ORIGINS"]["value"] == ["http://a.example", "http://b.example"]
    assert told["HOST"] == {"name": "HOST", "value": "127.0.0.1", "source": "default", "secret": False}


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_secret_is_shown(capsys: pytest.CaptureFixture[str], form: list[str]) -> None:
    main(["config", *form], PRIVATE)

    shown = capsys.readouterr()
    assert [each for each in (SECRET, "password") if each in shown.out + shown.err] == []


def test_a_secret_that_is_made_once_is_told_by_its_file_and_not_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "auth-secret").write_text(SECRET)

    told = lines_of(capsys, {"DATA_DIR": str(tmp_path)})

    kept = {"value": None, "source": "made once", "secret": True}
    assert (
        told["AUTH_SECRET"]
        == {
            "name": "AUTH_SECRET",
            "file": str(tmp_path / "auth-secret"),
            "exists": True,
        }
        | kept
    )
    assert told["STORAGE_SECRET"]["exists"] is False
    assert [each.name for each in tmp_path.iterdir()] == ["auth-secret"]


def test_the_table_has_a_line_for_each_setting_as_the_environment_would_have_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["config"], {"KEEP_METADATA": "1", "AUTH_SECRET": SECRET}) == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(lines) == len(Settings.model_fields)
    assert ["KEEP_METADATA", "true", "environment"] in lines
    assert ["LEASE_SECONDS", "30", "default"] in lines
    assert ["AUTH_SECRET", "(hidden)", "environment"] in lines


def test_settings_with_which_the_service_would_not_start_are_shown_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["config"], {"HOST": "0.0.0.0"}) == 2

    shown = capsys.readouterr()
    assert "0.0.0.0" in shown.out
    assert "AUTH_SECRET: needed" in shown.err
