"""Secrets that are made once: for this user alone, and the same for all who make them at once."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storage.secrets import kept_secret

AT_ONCE = 16


def test_a_secret_is_long_and_for_this_user_alone(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path, "auth-secret")

    file = tmp_path / "auth-secret"
    assert len(secret) >= 43
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == secret


def test_a_secret_is_kept(tmp_path: Path) -> None:
    assert kept_secret(tmp_path, "auth-secret") == kept_secret(tmp_path, "auth-secret")


def test_secrets_of_different_names_differ(tmp_path: Path) -> None:
    assert kept_secret(tmp_path, "auth-secret") != kept_secret(tmp_path, "storage-secret")


def test_a_new_directory_is_for_this_user_alone(tmp_path: Path) -> None:
    kept_secret(tmp_path / "data", "auth-secret")

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_all_who_make_a_secret_at_once_get_the_same_one(tmp_path: Path) -> None:
    for attempt in range(20):
        ready = threading.Barrier(AT_ONCE)

        def make(directory: Path = tmp_path / str(attempt), ready: threading.Barrier = ready) -> str:
            ready.wait()
            return kept_secret(directory, "auth-secret")

        with ThreadPoolExecutor(AT_ONCE) as threads:
            secrets = {future.result() for future in [threads.submit(make) for _ in range(AT_ONCE)]}

        assert len(secrets) == 1
        assert [file.name for file in (tmp_path / str(attempt)).iterdir()] == ["auth-secret"]


def test_what_a_killed_process_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f".auth-secret.{os.getpid()}").write_text("half a secr")

    assert len(kept_secret(tmp_path, "auth-secret")) >= 43
