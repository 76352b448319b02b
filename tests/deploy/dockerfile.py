"""The steps of a Dockerfile, and their replay in a directory where no Docker is.

The grammar is hadolint's to judge (`test_image.py`); here it is only read. Each stage gets a folder that stands for its
root, and the absolute paths in its steps are led there. What can't be replayed is refused, so that a new kind of step
is not passed over in silence.
"""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from string import Template

from tests.deploy.tools import ROOT

DOCKERFILE = ROOT / "Dockerfile"
RUN_SECONDS = 300.0
ROOTS = re.compile(r"(?<![\w./-])/(?=(?:opt|data|build|root)\b)")
"""Where an absolute path begins that lies inside of the image and not on the machine."""
TOLD = frozenset({"ARG", "LABEL", "EXPOSE", "USER", "STOPSIGNAL"})
"""What changes nothing that a replay could do; the tests look at some of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its flags (`--from`, `--mount`), and the rest of it."""

    name: str
    flags: Mapping[str, str]
    value: str


def steps_of(text: str) -> list[Step]:
    """Read a Dockerfile: comments left out, continued lines put together."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [_step(line.strip()) for line in joined.splitlines() if line.strip()]


def _step(line: str) -> Step:
    name, _, rest = line.partition(" ")
    flags: dict[str, str] = {}
    while found := re.match(r"--([\w-]+)=(\S+)\s+", rest):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return Step(name, flags, rest)


def image_environment() -> dict[str, str]:
    """What the image's last stage sets, for tests of whoever adds to it; values are as they are written."""
    steps = steps_of(DOCKERFILE.read_text("utf-8"))
    last = max(number for number, step in enumerate(steps) if step.name == "FROM")
    pairs = [each for step in steps[last:] if step.name == "ENV" for each in shlex.split(step.value)]
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


@dataclass(slots=True)
class Stage:
    """One stage: the folder that stands for its root, its environment, and what it would start."""

    root: Path
    environment: dict[str, str]
    directory: str = "/"
    told: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health_command: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """The same text with its paths led below the root."""
        return ROOTS.sub(f"{self.root}/", text)

    @property
    def folder(self) -> Path:
        """The working directory."""
        return Path(self.inside(self.directory))


class Replay:
    """Carries the steps out: COPY from `context` as far as `ignored` lets it, RUN with `environment` beside ENV."""

    def __init__(self, below: Path, context: Path, ignored: "Ignored", environment: Mapping[str, str]) -> None:
        self._below = below
        self._context = context
        self._ignored = ignored
        self._environment = environment
        self._stages: dict[str, Stage] = {}
        self._stage = Stage(below, {})

    def run(self, steps: list[Step]) -> Stage:
        """The last stage, as it is at the end."""
        for step in steps:
            if step.name in TOLD:
                self._stage.told[step.name] = step.value
            else:
                getattr(self, f"_{step.name.lower()}")(step)
        return self._stage

    def _from(self, step: Step) -> None:
        _, _, name = step.value.partition(" AS ")
        root = self._below / (name or "last")
        root.mkdir()
        self._stage = self._stages[name] = Stage(root, dict(self._environment))

    def _env(self, step: Step) -> None:
        for each in shlex.split(step.value):
            name, _, value = each.partition("=")
            self._stage.environment[name] = Template(self._stage.inside(value)).substitute(self._stage.environment)

    def _workdir(self, step: Step) -> None:
        self._stage.directory = step.value
        self._stage.folder.mkdir(parents=True, exist_ok=True)

    def _run(self, step: Step) -> None:
        done = subprocess.run(
            ["/bin/sh", "-c", self._stage.inside(step.value)],
            cwd=self._stage.folder,
            env=self._stage.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{step.value}\n{done.stdout}{done.stderr}"

    def _copy(self, step: Step) -> None:
        *sources, target = step.value.split()
        into = self._stage.folder / self._stage.inside(target)
        for source in sources:
            if origin := step.flags.get("from"):
                _copy(Path(self._stages[origin].inside(source)), into, symlinks=True)
            else:
                assert self._ignored.lets_through(source), f".dockerignore keeps {source} out"
                _copy(self._context / source, into, ignored=self._ignored)

    def _cmd(self, step: Step) -> None:
        self._stage.command = json.loads(step.value)

    def _healthcheck(self, step: Step) -> None:
        self._stage.health_command = json.loads(step.value.removeprefix("CMD "))


@dataclass(frozen=True, slots=True)
class Ignored:
    """A .dockerignore that keeps everything out but some names at the top, and some patterns wherever they are."""

    kept: frozenset[str]
    patterns: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "Ignored":
        """Raises `AssertionError` where the file is not of this form."""
        first, *rest = (line for line in text.splitlines() if line and not line.startswith("#"))
        assert first == "*"
        assert all(line.startswith(("!", "**/")) for line in rest)
        return cls(
            frozenset(line.removeprefix("!") for line in rest if line.startswith("!")),
            tuple(line.removeprefix("**/") for line in rest if line.startswith("**/")),
        )

    def lets_through(self, source: str) -> bool:
        """Whether a source of COPY reaches the builder."""
        return source.rstrip("/") in self.kept

    def names(self, _folder: str, names: list[str]) -> Iterator[str]:
        """Those that stay out, as `shutil.copytree` asks for them."""
        return (name for name in names if any(fnmatch(name, pattern) for pattern in self.patterns))


def _copy(source: Path, target: Path, *, symlinks: bool = False, ignored: Ignored | None = None) -> None:
    """As COPY does it: of a folder what is in it, a file into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        ignore = None if ignored is None else ignored.names
        shutil.copytree(source, target, symlinks=symlinks, dirs_exist_ok=True, ignore=ignore)
    else:
        shutil.copy2(source, target)
