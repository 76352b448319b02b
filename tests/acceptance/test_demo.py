"""`python -m app demo`: a picture from a running service, its file and its URL, and an end that a script can read."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.cli import main
from tests.acceptance.client import SECRET, token_of
from tests.acceptance.process import ROOT
from tests.acceptance.service import Service

SMALL = ["--width", "64", "--height", "64", "--seed", "7"]
HEAVY = ("numpy", "PIL", "av", "dramatiq", "fakeredis", "alembic", "jsonschema")


def demo(*arguments: str, **environment: str) -> int:
    return main(["demo", "a lighthouse: at dusk!", *arguments], {name: environment[name] for name in environment})


def test_a_picture_is_made_and_saved_and_its_file_and_url_are_all_that_goes_to_standard_output(
    origin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = demo(*SMALL, "--output", str(tmp_path), DEMO_URL=origin, AUTH_SECRET=SECRET)

    shown = capsys.readouterr()
    file, url = shown.out.splitlines()
    assert status == 0
    assert file == str(tmp_path / "a-lighthouse-at-dusk.png")
    assert (tmp_path / file).read_bytes().startswith(b"\x89PNG")
    assert url.startswith(f"{origin}/files/")
    assert shown.err.splitlines()[-1] == "100 % Stored 1 of 1"
    assert list(tmp_path.iterdir()) == [tmp_path / file]


def test_the_same_seed_makes_the_same_picture_and_no_file_is_replaced_unasked(origin: str, tmp_path: Path) -> None:
    for _ in range(2):
        assert demo(*SMALL, "--output", str(tmp_path), "--url", origin, "--token", token_of("ann")) == 0

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["a-lighthouse-at-dusk-2.png", "a-lighthouse-at-dusk.png"]
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == 1


def test_a_video_is_saved_under_the_name_that_was_asked_for(origin: str, tmp_path: Path) -> None:
    video = tmp_path / "lighthouse.mp4"

    small = [*SMALL, "--kind", "video", "--seconds", "0.5"]
    status = demo(*small, "--output", str(video), DEMO_URL=origin, AUTH_SECRET=SECRET)

    assert status == 0
    assert video.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("arguments", "environment", "status", "words"),
    [
        ((), {"PORT": "1"}, 3, "no service answers at http://127.0.0.1:1: Connection refused"),
        (("--url", "media.example"), {}, 2, "DEMO_URL: "),
        ((), {"PORT": "0"}, 2, "PORT: "),
        ((), {"AUTH_JWKS_URL": "https://issuer.example/keys"}, 2, "DEMO_TOKEN: "),
    ],
)
def test_what_is_wrong_on_this_side_is_said(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    status: int,
    words: str,
) -> None:
    assert demo(*arguments, DATA_DIR=str(tmp_path), **environment) == status

    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--width", "5", "--token", token_of("ann")), "A value breaks a rule; width: "),
        (("--token", "none"), "DEMO_TOKEN"),
        ((), "DEMO_TOKEN"),
    ],
)
def test_what_the_service_refuses_is_said_in_its_words(
    origin: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert demo(*arguments, DEMO_URL=origin, DATA_DIR=str(tmp_path)) == 1

    assert words in capsys.readouterr().err


async def test_ctrl_c_cancels_the_job(service: Service, tmp_path: Path) -> None:
    ann = service.client()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "demo", "a lighthouse", "--kind", "video", "--seconds", "60"),
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DEMO_URL": service.base,
            "DEMO_TOKEN": str(ann.token),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    job_id = (await process.stderr.readline()).decode().split()[-1]
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()

    assert (process.returncode, out) == (130, b""), err
    assert err.endswith(b"Cancelled.\n")
    assert (await ann.job(job_id))["status"] == "cancelled"


def test_nothing_heavy_is_loaded_to_ask_a_service() -> None:
    code = f"import sys, app.cli, app.commands.demo; print([each for each in {HEAVY} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
