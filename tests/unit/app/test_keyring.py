"""The ring of keys: rotation is noticed at once, an outage is survived, and nobody can make it hammer the endpoint."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from app.keyring import LEAST_SECONDS, REFRESH_SECONDS, Fetched, KeyRing, KeysUnavailable
from jobs.background import stop
from tests.issuer import document_of, jwk_of, private_key

OLD, NEW = (document_of(jwk_of(private_key("ES256", number), kid)) for number, kid in enumerate(("old", "new")))
BOTH = document_of(jwk_of(private_key("ES256", 0), "old"), jwk_of(private_key("ES256", 1), "new"))


@dataclass
class Source:
    """An endpoint, and the time: who sleeps here is at once as much older."""

    document: bytes | None = OLD
    seconds: float = 1000.0
    asked_at: list[float] = field(default_factory=list)
    etags: list[str | None] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.answering.set()

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)

    async def looked(self, times: int) -> None:
        """Wait until somebody has looked so often."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.asked_at) >= times)

    async def fetch(self, etag: str | None) -> Fetched | None:
        async with self.changed:
            self.asked_at.append(self.seconds)
            self.changed.notify_all()
        self.etags.append(etag)
        document = self.document
        await self.answering.wait()
        if document is None:
            raise KeysUnavailable("down")
        return None if etag == str(hash(document)) else Fetched(document, str(hash(document)))


def ring_of(source: Source, metrics: CollectorRegistry | None = None) -> KeyRing:
    return KeyRing(source, metrics or CollectorRegistry(), now=source.now, sleep=source.sleep)


async def knows(ring: KeyRing, kid: str) -> bool:
    return await ring.find(kid, "ES256") is not None


async def test_a_known_key_is_found_without_another_look() -> None:
    ring = ring_of(source := Source())
    await ring.find("old", "ES256")

    found = await ring.find("old", "ES256")

    assert found is not None
    assert found.algorithm == "ES256"
    assert len(source.asked_at) == 1


async def test_a_key_is_found_with_its_own_algorithm_alone() -> None:
    assert await ring_of(Source()).find("old", "RS256") is None


async def test_a_key_is_taken_by_the_first_token_that_names_it_right_after_a_look() -> None:
    ring = ring_of(source := Source())
    assert not await knows(ring, "new")

    source.document = BOTH

    assert await knows(ring, "new")
    assert await knows(ring, "old")


async def test_a_key_that_was_published_while_a_look_was_under_way_is_found_by_the_next() -> None:
    ring = ring_of(source := Source())
    source.answering.clear()
    early = asyncio.create_task(knows(ring, "new"))
    await source.looked(1)
    source.document = BOTH
    source.seconds += 1
    late = asyncio.create_task(knows(ring, "new"))
    await asyncio.sleep(0)

    source.answering.set()

    assert (await early, await late) == (False, True)


async def test_many_tokens_with_unknown_keys_cause_one_look_in_each_interval() -> None:
    ring = ring_of(source := Source())

    for turn in range(5):
        await asyncio.gather(*(ring.find(f"garbage-{turn}-{number}", "ES256") for number in range(200)))

    pauses = [later - sooner for sooner, later in zip(source.asked_at, source.asked_at[1:], strict=False)]
    assert len(source.asked_at) <= 6
    assert all(pause >= LEAST_SECONDS for pause in pauses)


async def test_one_who_leaves_takes_the_look_from_nobody() -> None:
    ring = ring_of(source := Source())
    source.answering.clear()
    impatient, patient = (asyncio.create_task(knows(ring, "old")) for _ in range(2))
    await source.looked(1)

    impatient.cancel()
    source.answering.set()

    assert await patient
    assert len(source.asked_at) == 1


@asynccontextmanager
async def running(ring: KeyRing, source: Source, looks: int) -> AsyncIterator[None]:
    """Let the ring look by itself so many times more."""
    target = len(source.asked_at) + looks
    task = asyncio.create_task(ring.run())
    await source.looked(target)
    try:
        yield
    finally:
        await stop(task)


async def test_a_removed_key_is_refused_half_a_minute_later() -> None:
    ring = ring_of(source := Source(document=BOTH))
    assert await knows(ring, "old")
    source.document = NEW
    removed_at = source.seconds

    async with running(ring, source, looks=2):
        assert source.seconds <= removed_at + REFRESH_SECONDS + LEAST_SECONDS
        assert not await knows(ring, "old")


@pytest.mark.parametrize("answer", [None, b"<html>Bad Gateway</html>"])
async def test_an_endpoint_that_is_down_for_long_hurts_nobody_who_has_a_known_key(answer: bytes | None) -> None:
    ring = ring_of(source := Source())
    assert await knows(ring, "old")
    source.document = answer

    async with running(ring, source, looks=200):
        assert source.seconds > 1000 + 600
        assert await knows(ring, "old")


async def test_no_good_token_is_refused_through_a_rotation_and_ten_minutes_of_outage() -> None:
    ring = ring_of(source := Source())
    story: tuple[tuple[bytes | None, tuple[str, ...], float], ...] = (
        (OLD, ("old",), 60),
        (BOTH, ("new", "old"), 60),
        (None, ("new", "old"), 600),
        (BOTH, ("new", "old"), 60),
        (NEW, ("new",), 60),
    )
    refused = []

    async with running(ring, source, looks=1):
        for document, kids, seconds in story:
            source.document, end = document, source.seconds + seconds
            while source.seconds < end:
                refused += [(source.seconds, kid) for kid in kids if not await knows(ring, kid)]
                await source.looked(len(source.asked_at) + 1)

    assert refused == []


async def test_while_the_endpoint_is_down_nobody_can_say_that_a_key_does_not_exist() -> None:
    ring = ring_of(source := Source())
    assert await knows(ring, "old")
    source.document = None

    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            await ring.find("new", "ES256")

    assert len(source.asked_at) <= 2 + 1
    source.document = NEW
    source.seconds += LEAST_SECONDS
    assert await knows(ring, "new")


async def test_without_any_answer_yet_there_is_no_telling_either() -> None:
    ring = ring_of(source := Source(document=None))

    with pytest.raises(KeysUnavailable):
        await ring.find("old", "ES256")

    source.document = OLD
    source.seconds += LEAST_SECONDS
    assert await knows(ring, "old")


async def test_an_emptied_set_is_believed() -> None:
    ring = ring_of(source := Source())
    assert await knows(ring, "old")
    source.document = document_of()

    async with running(ring, source, looks=2):
        assert not await knows(ring, "old")


async def test_an_unchanged_set_is_asked_for_by_its_tag_and_looks_are_counted() -> None:
    metrics = CollectorRegistry()
    ring = ring_of(source := Source(), metrics)

    async with running(ring, source, looks=3):
        source.document = None
    async with running(ring, source, looks=2):
        pass

    counted = {
        outcome: metrics.get_sample_value("media_key_refreshes_total", {"outcome": outcome})
        for outcome in ("changed", "unchanged")
    }
    assert source.etags[:3] == [None, *[str(hash(OLD))] * 2]
    assert counted["changed"] == 1
    assert (counted["unchanged"] or 0) >= 1


async def test_a_source_that_misbehaves_ends_no_ring() -> None:
    class Broken(Source):
        async def fetch(self, etag: str | None) -> Fetched | None:
            await super().fetch(etag)
            raise RuntimeError("a mistake")

    ring = ring_of(source := Broken())

    async with running(ring, source, looks=3):
        with pytest.raises(KeysUnavailable):
            await ring.find("old", "ES256")
