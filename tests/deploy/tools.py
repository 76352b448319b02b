"""Where the programs are that judge what is deployed: they come with the development tools, or are missing."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NOTHING: Mapping[str, str] = MappingProxyType({})


def tool(name: str) -> Path:
    """A program beside this Python. A test is skipped where there is none for this machine, and fails so in CI."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        message = f"{name} is missing: `make dev` installs it where there is one for this kind of machine"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


def emulator() -> ModuleType:
    """The storage emulator's module; it is no package, for its image has it as a single file."""
    spec = importlib.util.spec_from_file_location("emulator", DEPLOY / "emulator/emulator.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def output_of(*command: str | Path, environment: Mapping[str, str] = NOTHING) -> str:
    """What a program prints; it fails the test when the program does not like what it sees."""
    mine = {"PATH": os.environ["PATH"], "HOME": str(ROOT), **environment}
    done = subprocess.run(
        [str(each) for each in command], cwd=ROOT, env=mine, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
