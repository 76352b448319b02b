"""The sweeper's other repairs: untold events, garbage, what is past its keeping, and its own resilience."""

import pytest

from storage.memory import MemoryStore
from storage.store import StorageUnavailable
from tests.clock import ManualClock
from tests.databases import Place
from tests.factories import LEASE_SECONDS, URLS, Bench, make_store, open_bench, paths_in
from tests.readers import LogReader

DAY = 86_400
OVERDUE_SECONDS = 3


class FlakyStore(MemoryStore):
    """A store that can be down."""

    is_down = False

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        if self.is_down:
            raise StorageUnavailable("down")
        await super().delete(path, generation=generation)


@pytest.fixture
def flaky_store(clock: ManualClock) -> FlakyStore:
    return FlakyStore(make_store(clock)._signer, max_total_bytes=2**20, clock=clock)


async def ended_untold(bench: Bench, *owners: str) -> list[str]:
    """Jobs that were submitted, started and finished while Redis was down."""
    bench.server.connected = False
    finished = []
    for owner in owners:
        await bench.submit(owner=owner)
        lease = await bench.claim()
        await bench.succeed(lease, count=0)
        finished.append(lease.job.id)
    bench.server.connected = True
    return finished


async def test_untold_events_are_told_in_the_order_of_each_job(bench: Bench, reader: LogReader) -> None:
    first, second = await ended_untold(bench, "alice", "alice")

    bench.clock.advance(OVERDUE_SECONDS)
    await bench.sweep()

    await reader.read()
    for job_id in (first, second):
        assert reader.names_of(job_id) == ["generation_queued", "generation_started", "generation_complete"]
        assert all(event.published_id for event in await bench.events(job_id))
    assert bench.repairs("untold_event") == 6


async def test_an_event_that_is_about_to_be_told_is_left_to_whoever_wrote_it(bench: Bench, reader: LogReader) -> None:
    await ended_untold(bench, "alice")

    bench.clock.advance(1)
    await bench.sweep()

    assert await reader.read() == []


async def test_events_are_told_once_however_many_sweep(bench: Bench, reader: LogReader, place: Place) -> None:
    (job_id,) = await ended_untold(bench, "alice")
    bench.clock.advance(OVERDUE_SECONDS)

    async with open_bench(place, server=bench.server, clock=bench.clock) as other:
        await bench.sweep()
        await other.sweep()

    await reader.read()
    assert len(reader.names_of(job_id)) == 3


async def test_an_event_of_no_job_is_told_by_the_sweeper_too(bench: Bench, reader: LogReader) -> None:
    (media,) = await bench.succeed(await bench.start())
    await reader.read()
    bench.server.connected = False
    await bench.library.delete("alice", media.path)
    await bench.settle()
    bench.server.connected = True

    bench.clock.advance(OVERDUE_SECONDS)
    await bench.sweep()

    assert await reader.read() == [("media_deleted", {"path": media.path})]


async def test_garbage_that_storage_did_not_take_is_worked_off_later(
    place: Place, clock: ManualClock, flaky_store: FlakyStore
) -> None:
    async with open_bench(place, clock=clock, store=flaky_store) as bench:
        lease = await bench.start()
        await bench.make(lease)
        await bench.service.cancel("alice", lease.job.id)
        flaky_store.is_down = True

        assert await bench.leases.stop(lease)
        clock.advance(LEASE_SECONDS)
        await bench.sweep()
        meanwhile = await paths_in(flaky_store)
        flaky_store.is_down = False
        await bench.sweep()

        assert len(meanwhile) == 1
        assert await paths_in(flaky_store) == []
        assert (await bench.row(lease.job.id)).status == "cancelled"


async def test_a_repair_that_fails_does_not_keep_the_others_from_running(
    place: Place, clock: ManualClock, flaky_store: FlakyStore
) -> None:
    async with open_bench(place, clock=clock, store=flaky_store) as bench:
        (media,) = await bench.succeed(await bench.start())
        flaky_store.is_down = True
        await bench.library.delete("alice", media.path)
        lapsed = await bench.start()
        bench.server.connected = False

        clock.advance(15 * DAY * 7)
        await bench.sweep()

        assert (await bench.row(lapsed.job.id)).lost_workers == 1
        assert bench.repairs("expired") == 1


async def test_finished_jobs_and_their_events_are_removed_after_their_keeping(place: Place) -> None:
    async with open_bench(place, job_retention_days=7) as bench:
        (media,) = await bench.succeed(await bench.start())
        assert media.job_id is not None
        bench.clock.advance(7 * DAY + 1)

        await bench.sweep()

        page = await bench.service.list("alice", status=None, kind=None, before=None, limit=10)
        assert page.items == []
        assert await bench.events(media.job_id) == []


async def test_the_media_of_a_removed_job_stay(place: Place) -> None:
    async with open_bench(place, job_retention_days=7) as bench:
        (media,) = await bench.succeed(await bench.start())
        bench.clock.advance(7 * DAY + 1)

        await bench.sweep()

        item = await bench.library.get("alice", media.path)
        assert item.url == URLS.file(media.file_key)
        assert await paths_in(bench.store) == [media.path]


async def test_jobs_within_their_keeping_and_unfinished_ones_stay(place: Place) -> None:
    async with open_bench(place, job_retention_days=7) as bench:
        waiting = await bench.submit(kind="video")
        bench.clock.advance(1)
        lease = await bench.start()
        await bench.succeed(lease)
        bench.clock.advance(7 * DAY)

        await bench.sweep()

        page = await bench.service.list("alice", status=None, kind=None, before=None, limit=10)
        assert {job.job_id for job in page.items} == {waiting, lease.job.id}


async def test_told_events_of_no_job_are_removed_after_the_logs_keeping(place: Place) -> None:
    async with open_bench(place, event_log_seconds=60) as bench:
        (media,) = await bench.succeed(await bench.start())
        await bench.library.delete("alice", media.path)
        await bench.settle()
        before = await bench.events(None)
        bench.clock.advance(61)

        await bench.sweep()

        assert len(before) == 1
        assert await bench.events(None) == []


async def test_an_untold_event_is_kept_however_old_it_is(place: Place) -> None:
    async with open_bench(place, event_log_seconds=60) as bench:
        (media,) = await bench.succeed(await bench.start())
        bench.server.connected = False
        await bench.library.delete("alice", media.path)
        await bench.settle()
        bench.clock.advance(DAY)

        await bench.sweep()

        assert len(await bench.events(None)) == 1
