"""A runner on the real lifecycle, and works that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry

from actors.middleware.cancellation import Cancellation
from actors.middleware.metrics import Metrics
from actors.middleware.progress import Progress
from actors.runner import Ending, Runner
from actors.work import Run, Work
from jobs.database import Database
from jobs.database import Work as Transaction
from jobs.job import Media
from schema.responses import JobKind
from tests.factories import Bench, media_of, put

T = TypeVar("T")


@dataclass
class Scripted:
    """A work: stores an output and returns it, unless `act` does something else."""

    bench: Bench
    act: Callable[[Run], Awaitable[None]] | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[Run] = field(default_factory=list)

    async def __call__(self, run: Run) -> list[Media]:
        self.runs.append(run)
        (run.scratch / "draft").touch()
        self.began.set()
        run.report.expect(files=1)
        if self.act is not None:
            await self.act(run)
        made = media_of(run.job)
        await put(self.bench.store, made.path)
        run.report.stored()
        return [made]

    async def wait(self, _run: Run) -> None:
        """An act: go on when told to."""
        await self.may_end.wait()


@dataclass
class RunnerBench:
    """A runner, and what it is made of."""

    runner: Runner
    work: Scripted
    bench: Bench
    progress: Progress
    cancellation: Cancellation
    metrics: CollectorRegistry
    scratch: Path

    def start(self, kind: JobKind = "image") -> "asyncio.Task[Ending | None]":
        """Take a wake-up, as a worker's thread does: in a context of its own."""
        return asyncio.create_task(self._work(kind))

    async def run(self, kind: JobKind = "image") -> Ending | None:
        """Take a wake-up and see it through."""
        ending = await self.start(kind)
        await self.bench.settle()
        return ending

    async def claimed(self, job_id: str) -> None:
        """Return when the runner has claimed this job."""
        while job_id not in self.cancellation._signals:
            await self.bench.row(job_id)

    async def _work(self, kind: JobKind) -> Ending | None:
        self.progress.before_process_message(None, None)  # type: ignore[arg-type]  # neither is looked at
        self.cancellation.before_process_message(None, None)  # type: ignore[arg-type]  # neither is looked at
        return await self.runner.work(kind)

    def runs(self, ending: Ending) -> float:
        """How many runs the metrics say ended so."""
        return self.metrics.get_sample_value("media_runs_total", {"kind": "image", "ending": ending}) or 0


class Hindered(Database):
    """A database that raises, once for each of `errors`, instead of beginning a change that `at` asks for."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self.errors: list[Exception] = []
        self.at = ""

    async def transaction(self, work: Transaction[T], *, recall: Transaction[T | None] | None = None) -> T:
        self._hinder(work)
        return await super().transaction(work, recall=recall)

    async def single(self, work: Transaction[T], *, recall: Transaction[T | None] | None = None) -> T:
        self._hinder(work)
        return await super().single(work, recall=recall)

    def _hinder(self, work: Transaction[T]) -> None:
        if self.errors and self.at in getattr(work, "__qualname__", ""):
            raise self.errors.pop(0)


@asynccontextmanager
async def open_runner(bench: Bench, scratch: Path, doing: Work | None = None) -> AsyncIterator[RunnerBench]:
    """A runner of image jobs, which does `doing` or what is scripted; whatever it still does in the end is stopped."""
    work, metrics = Scripted(bench), CollectorRegistry()
    progress, cancellation = Progress(bench.leases, bench.jobs.previews), Cancellation(asyncio.get_running_loop())
    runner = Runner(
        bench.leases,
        {"image": doing or work},
        progress=progress,
        cancellation=cancellation,
        metrics=Metrics(metrics),
        scratch=scratch,
    )
    try:
        yield RunnerBench(runner, work, bench, progress, cancellation, metrics, scratch)
    finally:
        await runner.drain(0)
