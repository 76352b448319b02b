"""The sweeper takes jobs back from workers that fell silent."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from jobs.database import Database, Work
from jobs.record import Lack, Record
from schema.responses import GenerationResult
from tests.databases import Place
from tests.factories import LEASE_SECONDS, Bench, open_bench, output_path, paths_in, put
from tests.readers import LogReader

T = TypeVar("T")


async def test_a_lapsed_lease_puts_the_job_back_into_the_queue_and_counts_the_lost_worker(bench: Bench) -> None:
    lease = await bench.start()
    await bench.leases.heartbeat(lease, 50.0, "half")

    await bench.lapse()

    row = await bench.row(lease.job.id)
    assert (row.status, row.lost_workers, row.attempts) == ("queued", 1, 1)
    assert (row.lease_token, row.lease_until, row.progress, row.message) == (None,) * 4
    assert bench.repairs("lapsed_lease") == 1


async def test_a_lease_that_has_not_lapsed_stays(bench: Bench) -> None:
    lease = await bench.start()
    bench.clock.advance(LEASE_SECONDS)

    await bench.sweep()

    assert (await bench.row(lease.job.id)).lease_token == lease.token


async def test_the_job_of_a_lost_worker_is_woken_in_the_same_sweep(bench: Bench) -> None:
    lease = await bench.start()
    bench.wake_ups.forget()

    await bench.lapse()

    assert bench.wake_ups.sent == [("image", lease.job.id)]


async def test_a_second_lost_worker_is_counted_so_that_the_job_can_run_alone(bench: Bench) -> None:
    await bench.start()
    await bench.lapse()
    await bench.claim()
    await bench.lapse()

    assert (await bench.claim()).job.lost_workers == 2


async def test_a_job_whose_workers_are_lost_at_every_attempt_has_failed(place: Place) -> None:
    async with open_bench(place, max_attempts=2) as bench:
        reader = LogReader(bench.jobs.log, "alice")
        await reader.read()
        lease = await bench.start()
        await bench.make(lease)
        await bench.lapse()
        await bench.claim()
        await bench.lapse()

        view = await bench.service.get("alice", lease.job.id)
        assert view.status == "failed"
        assert view.error is not None
        assert (view.error.code, view.error.retryable) == ("worker_lost", True)
        await reader.read()
        assert reader.names_of(lease.job.id) == ["generation_queued", "generation_started", "generation_failed"]
        assert await paths_in(bench.store) == []


async def test_what_attempts_stored_is_kept_when_the_last_worker_is_lost(place: Place) -> None:
    async with open_bench(place, max_attempts=1) as bench:
        reader = LogReader(bench.jobs.log, "alice")
        await reader.read()
        lease = await bench.start(request={"n": 3})
        [first, second] = await bench.make(lease, 2)
        await bench.leases.note(lease, Record(outputs=(second, first), lacks=(Lack(2, "content_policy", "No."),)))
        await bench.store.delete(first.path)
        await bench.lapse()

        view = await bench.service.get("alice", lease.job.id)
        assert view.status == "succeeded"
        assert isinstance(view.result, GenerationResult)
        assert [each.path for each in view.result.media] == [second.path]
        assert [(each.index, each.code) for each in view.result.failures] == [(2, "content_policy"), (0, "worker_lost")]
        await reader.read()
        assert reader.names_of(lease.job.id)[-1] == "generation_complete"
        bench.clock.advance(300)
        await bench.sweep()
        assert await paths_in(bench.store) == [second.path]


async def test_what_a_lost_worker_stores_afterwards_is_removed_later(place: Place) -> None:
    async with open_bench(place, max_attempts=1) as bench:
        lease = await bench.start()
        await bench.lapse()
        await put(bench.store, output_path(lease.job))

        bench.clock.advance(2 * LEASE_SECONDS + 1)
        await bench.sweep()

        assert await paths_in(bench.store) == []


async def test_every_lapsed_lease_is_taken_back_in_one_sweep_also_while_redis_is_down(place: Place) -> None:
    async with open_bench(place, max_attempts=1) as bench:
        leases = [await bench.start(owner=owner) for owner in ("alice", "bob", "carol")]
        bench.server.connected = False

        await bench.lapse()

        assert [(await bench.row(lease.job.id)).status for lease in leases] == ["failed"] * 3


async def test_a_lease_that_two_processes_find_lapsed_counts_once(bench: Bench, place: Place) -> None:
    lease = await bench.start()
    bench.clock.advance(LEASE_SECONDS + 1)

    async with open_bench(place, server=bench.server, clock=bench.clock) as other:
        await bench.sweep()
        await other.sweep()

    row = await bench.row(lease.job.id)
    assert (row.status, row.lost_workers) == ("queued", 1)


class OvertakenDatabase(Database):
    """Lets somebody else act before the next transaction."""

    overtaking: Callable[[], Awaitable[object]] | None = None

    async def transaction(self, work: Work[T], *, recall: Work[T | None] | None = None) -> T:
        overtaking, self.overtaking = self.overtaking, None
        if overtaking is not None:
            await overtaking()
        return await super().transaction(work, recall=recall)


async def test_a_worker_that_comes_back_while_its_job_is_being_taken_keeps_it(bench: Bench, place: Place) -> None:
    lease = await bench.start()
    bench.clock.advance(LEASE_SECONDS + 1)
    overtaken: list[OvertakenDatabase] = []

    def wrap(database: Database) -> Database:
        overtaken.append(OvertakenDatabase(database.engine))
        return overtaken[0]

    async with open_bench(place, server=bench.server, clock=bench.clock, wrap=wrap) as other:
        overtaken[0].overtaking = lambda: bench.leases.heartbeat(lease, 50.0, None)
        await other.sweeper.return_lapsed()

    row = await bench.row(lease.job.id)
    assert (row.status, row.lease_token, row.lost_workers, row.progress) == ("running", lease.token, 0, 50.0)


async def test_at_the_start_of_the_only_process_every_job_at_work_goes_back(bench: Bench) -> None:
    running = await bench.start()
    cancelling = await bench.start()
    await bench.service.cancel("alice", cancelling.job.id)

    await bench.sweeper.return_lapsed(everything=True)

    assert (await bench.row(running.job.id)).status == "queued"
    assert (await bench.row(cancelling.job.id)).status == "cancelled"
