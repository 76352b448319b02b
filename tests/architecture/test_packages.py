"""The shape of the tree: which folders there are, how files open and how long they may be, and what none may hold."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import schema

ROOT = Path(__file__).parents[2]
PACKAGES = ("actors", "app", "jobs", "schema", "storage")
MOST_LINES = 300
SLEEPERS = {("time", "sleep"), ("asyncio", "sleep"), ("anyio", "sleep"), ("trio", "sleep")}
# A process that was killed gives no signal of its end to one who is not its parent.
ALLOWED_SLEEPS = frozenset(
    {
        "tests/acceptance/test_crash.py",
        # An outage lasts for a while, and what runs meanwhile runs in processes of its own.
        "tests/faults/belongings.py",
        "tests/faults/fleet.py",
        "tests/faults/test_faults.py",
        "tests/faults/watcher.py",
        # A provider at work, whose steps take time.
        "tests/faults/worker.py",
    }
)
"""Files below tests/ that may sleep, each with its reason in a comment."""

# Put together here, so that this file does not hold what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(parts).encode()
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npm", "pkg", "github", "com"),
        ("conda", "anaconda", "org"),
        ("proxy", "golang", "org"),
        ("jfrog", "io"),
    )
) + tuple(f"{option}-url".encode() for option in ("--index", "--extra-index"))


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that belongs to the project, from git where this is a checkout, relative to the root."""
    git = shutil.which("git")
    if git is not None:
        listed = subprocess.run(
            [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if listed.returncode == 0:
            names = {Path(name) for name in listed.stdout.decode().split("\0") if name}
            return tuple(sorted(name for name in names if (ROOT / name).is_file()))
    return tuple(sorted(_walked(ROOT)))


def _walked(folder: Path) -> Iterator[Path]:
    """The same without git: what starts with a dot and what is generated is left out."""
    for each in folder.iterdir():
        if each.name.startswith(".") or each.name in {"__pycache__", "build", "dist", "node_modules"}:
            continue
        if each.is_dir():
            if not each.name.endswith(".egg-info"):
                yield from _walked(each)
        else:
            yield each.relative_to(ROOT)


def modules_of(*folders: str) -> list[Path]:
    """The Python files below these top-level folders."""
    return [file for file in project_files() if file.suffix == ".py" and file.parts[0] in folders]


def tree_of(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), filename=str(file))


def test_the_schema_package_is_ours_and_not_another_distribution_of_that_name() -> None:
    assert Path(schema.__file__ or "") == ROOT / "schema" / "__init__.py"


def test_every_top_level_folder_stands_in_the_architecture_page() -> None:
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = page.partition("## Folders")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([\w.-]+)/`", folders))

    assert {file.parts[0] for file in project_files() if len(file.parts) > 1} <= documented
    assert set(PACKAGES) <= documented


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_it_owns(package: str) -> None:
    assert ast.get_docstring(tree_of(Path(package) / "__init__.py"))


def test_every_module_opens_with_a_docstring() -> None:
    mute = [str(file) for file in modules_of(*PACKAGES) if tree_of(file).body and not ast.get_docstring(tree_of(file))]

    assert mute == []


def test_no_module_is_so_long_that_it_holds_two_ideas() -> None:
    lengths = {str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in modules_of(*PACKAGES)}

    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


def sleeps_in(tree: ast.Module) -> Iterator[int]:
    """Lines that wait for time to pass; `asyncio.sleep(0)` passes the turn on, and does not."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=[ast.Constant(value=0)]) if (
                module,
                name,
            ) in SLEEPERS:
                continue
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)) if (module, name) in SLEEPERS:
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr="wait_for_timeout")):
                yield node.lineno
            case ast.ImportFrom(module=str(module)) if any((module, each.name) in SLEEPERS for each in node.names):
                yield node.lineno


@pytest.mark.parametrize(
    "source",
    [
        "time.sleep(1)",
        "await asyncio.sleep(0.01)",
        "await asyncio.sleep(delay)",
        "from time import sleep",
        "page.wait_for_timeout(50)",
    ],
)
def test_a_line_that_waits_for_time_to_pass_is_seen(source: str) -> None:
    assert list(sleeps_in(ast.parse(source))) == [1]


def test_passing_the_turn_on_is_no_sleep() -> None:
    assert list(sleeps_in(ast.parse("await asyncio.sleep(0)"))) == []


def test_no_test_waits_for_time_to_pass() -> None:
    sleeping = [
        f"{file}:{line}"
        for file in modules_of("tests")
        if str(file) not in ALLOWED_SLEEPS
        for line in sleeps_in(tree_of(file))
    ]

    assert sleeping == []


def test_no_file_names_a_package_registry() -> None:
    contents = {file: (ROOT / file).read_bytes() for file in project_files()}
    found = [f"{file}: {host.decode()}" for file, held in contents.items() for host in REGISTRY_HOSTS if host in held]

    assert found == []
