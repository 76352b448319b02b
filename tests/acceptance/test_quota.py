"""How much one user may bring: bytes of the library and of what is under way, and unfinished uploads."""

import asyncio
from pathlib import Path

from app.keys import JOBS
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import MovedClock, in_process
from tests.acceptance.uploading import PNG, init, opened, uploaded
from tests.unit.actors.processing.samples import sample_of

BODY = sample_of(PNG)
QUOTA = 10_000
LIFETIME_SECONDS = 900


async def test_pending_uploads_count_and_an_abort_frees_their_bytes(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_bytes_per_user=QUOTA) as service:
        alice, bob = service.client(), service.client()
        first = await opened(alice, size=QUOTA - 100)

        assert_problem(await init(alice, size=101), 413, "quota_exceeded")
        assert (await init(alice, size=100)).status == 201
        assert (await init(bob, size=QUOTA)).status == 201
        await first.abort()
        assert (await init(alice, size=QUOTA - 100)).status == 201


async def test_without_a_size_an_upload_may_have_what_is_left(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_bytes_per_user=QUOTA) as service:
        alice = service.client()
        await opened(alice, size=QUOTA - 1000)
        rest = await opened(alice)

        assert rest.answer["maxBytes"] == 1000
        assert_problem(await rest.put(bytes(1001)), 413, "payload_too_large")
        assert_problem(await init(alice), 413, "quota_exceeded")


async def test_what_is_in_the_library_counts_until_it_is_deleted(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_bytes_per_user=QUOTA) as service:
        alice = service.client()
        item = await uploaded(alice)
        left = QUOTA - item["size"]

        assert_problem(await init(alice, size=left + 1), 413, "quota_exceeded")
        assert (await init(alice, size=left)).status == 201
        assert_problem(await init(alice, size=1), 413, "quota_exceeded")
        await alice.delete(f"/{item['path']}")
        assert (await init(alice, size=item["size"])).status == 201


async def test_an_upload_that_expired_counts_no_more(tmp_path: Path) -> None:
    clock = MovedClock()
    async with in_process(tmp_path, clock=clock, max_bytes_per_user=QUOTA) as service:
        alice = service.client()
        await opened(alice, size=QUOTA)
        assert_problem(await init(alice, size=1), 413, "quota_exceeded")

        clock.advance(2 * LIFETIME_SECONDS + 1)
        await service.app[JOBS].sweeper.sweep()

        assert (await init(alice, size=QUOTA)).status == 201


async def test_openings_at_the_same_time_do_not_exceed_the_quota(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_bytes_per_user=QUOTA) as service:
        alice = service.client()

        answers = await asyncio.gather(*(init(alice, size=QUOTA // 5) for _ in range(20)))

        assert sorted(answer.status for answer in answers) == [201] * 5 + [413] * 15


async def test_more_than_the_quota_is_too_much_for_a_single_upload(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_bytes_per_user=QUOTA) as service:
        alice = service.client()

        assert_problem(await init(alice, size=QUOTA + 1), 413, "quota_exceeded")
        assert (await opened(alice)).answer["maxBytes"] == QUOTA


async def test_no_upload_is_promised_more_than_the_store_holds(tmp_path: Path) -> None:
    async with in_process(tmp_path, storage_memory_bytes=2**20) as service:
        alice = service.client()

        assert_problem(await init(alice, "video/mp4", size=2**20 + 1), 413, "payload_too_large")
        assert (await opened(alice, "video/mp4")).answer["maxBytes"] == 2**20


async def test_a_full_store_refuses_bytes_and_takes_them_when_there_is_room(tmp_path: Path) -> None:
    async with in_process(tmp_path, storage_memory_bytes=2**20) as service:
        alice = service.client()
        hog, late = await opened(alice), await opened(alice)
        await hog.put(bytes(2**20 - 10))

        refused = await late.put(BODY)
        await hog.abort()

        assert_problem(refused, 507, "storage_full")
        assert (await late.put(BODY)).status == 200


async def test_so_many_uploads_may_be_unfinished_and_no_more(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_queued_per_user=2) as service:
        alice, bob = service.client(), service.client()
        first, _ = await opened(alice), await opened(alice)

        refused = await init(alice)
        await first.abort()

        assert int(assert_problem(refused, 429, "queue_full") and refused.headers["Retry-After"]) > 0
        assert (await init(bob)).status == 201
        assert (await init(alice)).status == 201
        assert_problem(await init(alice), 429, "queue_full")


async def test_a_refused_opening_leaves_no_upload_session(tmp_path: Path) -> None:
    async with in_process(tmp_path, max_queued_per_user=1) as service:
        alice = service.client()

        answers = await asyncio.gather(*(init(alice, resumable=True) for _ in range(20)))

        assert sorted(answer.status for answer in answers) == [201] + [429] * 19
        assert len(service.store._sessions._sessions) == 1
