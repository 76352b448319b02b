"""The Dockerfile: what hadolint says, what we want of an image, and its steps carried out in an empty directory.

No Docker engine takes part in it. What stays unproved is the base image and the isolation of a container.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.deploy.dockerfile import DOCKERFILE, Ignored, Replay, Stage, Step, steps_of
from tests.deploy.tools import ROOT, output_of, tool
from tests.ports import free_port

SECRET = "a secret that is long enough for HS256"
# How this machine reaches its package registry; nothing else of the environment gets into the image.
REGISTRY_PREFIXES = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
SECONDS = 420


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return steps_of(DOCKERFILE.read_text("utf-8"))


def told(steps: list[Step], name: str) -> list[str]:
    return [step.value for step in steps if step.name == name]


def test_hadolint_has_nothing_to_say() -> None:
    assert output_of(tool("hadolint"), "--no-color", DOCKERFILE) == ""


def test_the_image_runs_as_a_numbered_user_who_is_not_root(steps: list[Step]) -> None:
    (user,) = told(steps, "USER")

    assert all(int(number) > 0 for number in user.split(":"))
    assert steps.index(next(step for step in steps if step.name == "USER")) > max(
        steps.index(step) for step in steps if step.name in {"COPY", "RUN"}
    )


def test_the_last_stage_runs_nothing_and_takes_no_more_than_was_built(steps: list[Step]) -> None:
    last = steps[max(number for number, step in enumerate(steps) if step.name == "FROM") :]

    assert "RUN" not in {step.name for step in last}
    assert {step.flags.get("from") for step in last if step.name == "COPY"} == {"build"}


def test_what_stops_the_container_is_what_starts_a_drain(steps: list[Step]) -> None:
    assert told(steps, "STOPSIGNAL") == ["SIGTERM"]


@pytest.fixture(scope="module")
def stage(steps: list[Step], tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The image, built: a Python and the machine's way to the registry are all that the steps find."""
    below = tmp_path_factory.mktemp("image")
    home, programs = below / "home", below / "programs"
    home.mkdir()
    programs.mkdir()
    programs.joinpath("python").symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    cache = output_of(sys.executable, "-m", "pip", "cache", "dir", environment={"HOME": os.environ["HOME"]}).strip()
    passed = {name: value for name, value in os.environ.items() if name.startswith(REGISTRY_PREFIXES)}
    # Compiling what is installed is for a quick start, and here it would take longer than it spares.
    pip = {"PIP_CACHE_DIR": cache, "PIP_NO_COMPILE": "1"}
    environment = passed | {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(home)} | pip
    ignored = Ignored.read((ROOT / ".dockerignore").read_text("utf-8"))
    return Replay(below, ROOT, ignored, environment).run(steps)


@pytest.fixture(scope="module")
def environment(stage: Stage) -> dict[str, str]:
    """What a container would have; it listens on this machine alone, for it is no container."""
    ports = {"PORT": str(free_port()), "WORKER_PORT": str(free_port())}
    return stage.environment | {"HOST": "127.0.0.1", "WORKER_HOST": "127.0.0.1"} | ports


def run(command: list[str], stage: Stage, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/env", *command],
        cwd=stage.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextmanager
def running(stage: Stage, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The image's own command, from the line on in which it says that it serves."""
    process = subprocess.Popen(
        ["/usr/bin/env", *stage.command],
        cwd=stage.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if '"serving"' in line:
                break
        else:
            pytest.fail("".join(lines))
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.timeout(SECONDS)
def test_what_was_built_serves_is_healthy_by_the_images_own_check_and_drains(
    stage: Stage, environment: dict[str, str]
) -> None:
    assert run(stage.health_command, stage, environment).returncode == 1

    with running(stage, environment | {"AUTH_SECRET": SECRET}) as process:
        assert run(stage.health_command, stage, environment).returncode == 0
        with urlopen(f"http://127.0.0.1:{environment['PORT']}/") as page:
            assert page.status == 200
        process.send_signal(getattr(signal, stage.told["STOPSIGNAL"]))
        assert process.wait(30) == 0


@pytest.mark.timeout(SECONDS)
def test_open_to_others_without_authentication_it_does_not_start(stage: Stage, environment: dict[str, str]) -> None:
    done = run(stage.command, stage, environment | {"HOST": stage.environment["HOST"]})

    assert (done.returncode, done.stderr.partition(":")[0]) == (2, "AUTH_SECRET")


@pytest.mark.timeout(SECONDS)
def test_the_same_image_is_a_worker_by_command(stage: Stage, environment: dict[str, str]) -> None:
    done = run([*stage.command[:-1], "actors"], stage, environment)

    assert (done.returncode, done.stderr.partition(":")[0]) == (2, "REDIS_URL")


@pytest.mark.timeout(SECONDS)
def test_what_runs_comes_out_of_the_image_and_has_nothing_that_installs(
    stage: Stage, environment: dict[str, str]
) -> None:
    looked = (
        "import app, actors.main, importlib.util, sys\n"
        "print(app.__file__, sys.flags.safe_path, *(importlib.util.find_spec(name) for name in ('pip', 'setuptools')))"
    )

    file, *rest = run(["python", "-c", looked], stage, environment).stdout.split()

    assert file.startswith(f"{stage.root}/opt/media/")
    assert rest == ["True", "None", "None"]
