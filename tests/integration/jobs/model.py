"""A small world of clients, workers and sweepers that do what they like, for the randomised test of the lifecycle."""

import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.eventlog import LogUnavailable
from jobs.job import Lease, Media
from jobs.submitting import Submission
from storage.store import ObjectExists
from tests.factories import LEASE_SECONDS, Bench, chunks_of, make_failure, media_of
from tests.readers import LogReader

OWNERS = ("alice", "bob", "carol")
OUTPUTS = 2
LEASE = timedelta(seconds=LEASE_SECONDS)


@dataclass(eq=False)
class Worker:
    """One that holds a lease, or believes so: it may be a zombie."""

    lease: Lease
    valid_until: datetime
    progress: float = 0.0
    is_start_told: bool = False


@dataclass
class World:
    """Processes that share a database, a Redis, a store and a clock; `trace` says what happened."""

    processes: Sequence[Bench]
    chance: random.Random
    submitted: dict[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    readers: dict[str, LogReader] = field(default_factory=dict)

    @property
    def bench(self) -> Bench:
        """Any of the processes."""
        return self.chance.choice(self.processes)

    @property
    def shared(self) -> Bench:
        """What all processes share."""
        return self.processes[0]

    async def open(self) -> None:
        for owner in OWNERS:
            self.readers[owner] = LogReader(self.shared.jobs.log, owner)
        await self.read()

    async def read(self) -> None:
        """Let every client read what it has not read; without Redis nobody can."""
        if self.shared.server.connected:
            for reader in self.readers.values():
                await reader.read()

    async def settle(self) -> None:
        for process in self.processes:
            await process.settle()

    def act(self) -> Callable[[], Awaitable[None]]:
        """Draw what somebody does next."""
        free: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (6, self.submit),
            (8, self.claim),
            (4, self.cancel),
            (3, self.sweep),
            (1, self.toggle_redis),
            (1, self.delete_media),
        ]
        if self.workers:
            worker = self.workers.pop(self.chance.randrange(len(self.workers)))
            free += [
                (6, lambda: self.heartbeat(worker)),
                (6, lambda: self.tell_progress(worker)),
                (4, lambda: self.store(worker)),
                (6, lambda: self.succeed(worker)),
                (3, lambda: self.fail(worker)),
                (2, lambda: self.release(worker)),
                (2, self.die),
            ]
            chosen = self._choose(free)
            if chosen in [action for _, action in free[:6]]:
                self.workers.append(worker)
            return chosen
        return self._choose(free)

    def _choose(self, weighted: list[tuple[int, Callable[[], Awaitable[None]]]]) -> Callable[[], Awaitable[None]]:
        weights, actions = zip(*weighted, strict=True)
        chosen: Callable[[], Awaitable[None]] = self.chance.choices(actions, weights)[0]
        return chosen

    async def submit(self) -> None:
        owner = self.chance.choice(OWNERS)
        key = self.chance.choice([None, None, "k1", "k2"])
        request = {"prompt": key or "a cat"}
        accepted = await self.bench.service.submit(Submission(owner, "image", request, request, key))
        self.submitted[accepted.job_id] = owner
        self.trace.append(f"submit {accepted}")

    async def claim(self) -> None:
        """A worker comes when it is woken, and at no other time."""
        if not self.shared.wake_ups.queue:
            return
        self.shared.wake_ups.queue.pop()
        bench = self.bench
        lease = await bench.leases.claim("image")
        if lease is None:
            return
        self.trace.append(f"claim {lease.job.id} run {lease.job.claims}")
        worker = Worker(lease, self.shared.clock.now + LEASE)
        with contextlib.suppress(LogUnavailable):
            await self._tell_start(worker)
        await self.store(worker)

    async def cancel(self) -> None:
        if self.submitted:
            job_id, owner = self.chance.choice(list(self.submitted.items()))
            view = await self.bench.service.cancel(owner, job_id)
            self.trace.append(f"cancel {job_id}: {view.status}")

    async def sweep(self) -> None:
        self.trace.append("sweep")
        await self.bench.sweeper.sweep()

    async def toggle_redis(self) -> None:
        self.shared.server.connected = not self.shared.server.connected
        self.trace.append(f"redis {self.shared.server.connected}")

    async def flush(self) -> None:
        """Redis loses everything; what is under way is through before."""
        await self.settle()
        if self.shared.server.connected:
            await self.read()
            await self.shared.redis.flushall()
            self.shared.wake_ups.queue.clear()
            self.trace.append("flush")

    async def delete_media(self) -> None:
        owner = self.chance.choice(OWNERS)
        page = await self.bench.library.list(owner, prefix=None, kind=None, source=None, before=None, limit=5)
        busy = {worker.lease.job.id for worker in self.workers}
        for item in page.items:
            if item.job_id not in busy:
                await self.bench.library.delete(owner, item.path)
                self.trace.append(f"delete {item.path}")
                return

    async def heartbeat(self, worker: Worker) -> None:
        now = self.shared.clock.now
        status = await self.bench.leases.heartbeat(worker.lease, worker.progress, None)
        self.trace.append(f"heartbeat {worker.lease.job.id} run {worker.lease.job.claims}: {status}")
        if status == "cancelling":
            await self.bench.leases.stop(worker.lease)
        elif status is not None:
            worker.valid_until = now + LEASE
            self.workers.append(worker)

    async def tell_progress(self, worker: Worker) -> None:
        """A worker speaks for its job only while its lease holds for sure."""
        self.workers.append(worker)
        if self.shared.clock.now < worker.valid_until:
            worker.progress = min(99.0, worker.progress + self.chance.uniform(0, 30))
            with contextlib.suppress(LogUnavailable):
                await self._tell_start(worker)
                await self.bench.leases.tell_progress(worker.lease, worker.progress, None)

    async def _tell_start(self, worker: Worker) -> None:
        """Nobody hears of progress before the start."""
        if not worker.is_start_told:
            await self.bench.leases.tell_start(worker.lease)
            worker.is_start_told = True

    async def store(self, worker: Worker) -> None:
        """Also a zombie stores, for at most as long as a lease lasts."""
        self.workers.append(worker)
        if self.shared.clock.now < worker.valid_until + LEASE:
            await self._put(media_of(worker.lease.job, self.chance.randrange(OUTPUTS)))

    async def _put(self, media: Media) -> None:
        with contextlib.suppress(ObjectExists):
            await self.shared.store.upload(media.path, chunks_of(b"hello"), "image/png", if_absent=True)

    async def succeed(self, worker: Worker) -> None:
        if self.shared.clock.now >= worker.valid_until:
            return await self.heartbeat(worker)
        media = [media_of(worker.lease.job, index) for index in range(OUTPUTS)]
        for each in media:
            await self._put(each)
        is_done = await self.bench.leases.succeed(worker.lease, media)
        self.trace.append(f"succeed {worker.lease.job.id} run {worker.lease.job.claims}: {is_done}")
        if not is_done:
            await self.bench.leases.stop(worker.lease)
        return None

    async def fail(self, worker: Worker) -> None:
        failure = make_failure(retryable=self.chance.random() < 0.7)
        is_done = await self.bench.leases.fail(worker.lease, failure) or await self.bench.leases.stop(worker.lease)
        self.trace.append(f"fail {worker.lease.job.id} run {worker.lease.job.claims}: {is_done}")

    async def release(self, worker: Worker) -> None:
        is_done = await self.bench.leases.release(worker.lease) or await self.bench.leases.stop(worker.lease)
        self.trace.append(f"release {worker.lease.job.id} run {worker.lease.job.claims}: {is_done}")

    async def die(self) -> None:
        self.trace.append("die")
