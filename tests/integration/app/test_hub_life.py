"""The hub's streams as they come and go: who shares what, how many there may be, and how they end."""

import asyncio
from dataclasses import replace

import pytest

from app.sse.hub import HubClosed, TooManyStreams
from jobs.eventbus import BusUnavailable
from jobs.eventlog import channel_of
from tests.factories import OWNER, Bench
from tests.integration.app.hub_bench import LIMITS, HubBench, open_hub
from tests.listeners import Recorder, cut_on


async def test_a_slow_client_is_cut_off_and_the_others_go_on(hub: HubBench) -> None:
    async with hub.subscriber() as slow, hub.subscriber() as quick:
        await slow.wire.until(bool)
        await quick.wire.until(bool)
        slow.wire.unsent = LIMITS.buffer_bytes + 1

        await hub.tell(1)
        await hub.tell(2)

        assert await quick.until_number(2) == [1, 2]
        assert slow.wire.is_aborted
        assert slow.connection.stream.finished.done()
        assert slow.numbers == []


async def test_nobody_hears_of_others(hub: HubBench) -> None:
    async with hub.subscriber() as subscriber:
        await subscriber.wire.until(bool)

        await hub.tell(1, owner="bob", job_id="his")
        await hub.tell(1)

        assert await subscriber.until_number(1) == [1]
        assert len(subscriber.wire.events) == 2


async def test_streams_of_one_owner_share_a_subscription_that_the_last_one_gives_up(
    hub: HubBench, bench: Bench
) -> None:
    channel = channel_of(OWNER)
    async with hub.subscriber():
        async with hub.subscriber():
            assert await bench.redis.pubsub_numsub(channel) == [(channel.encode(), 1)]
        assert await bench.redis.pubsub_numsub(channel) == [(channel.encode(), 1)]
    left = Recorder()
    await bench.jobs.bus.subscribe("behind the unsubscription", left)

    assert await bench.redis.pubsub_numsub(channel) == [(channel.encode(), 0)]


@pytest.mark.parametrize("turns", range(0, 12, 3))
async def test_one_who_comes_as_the_last_one_leaves_hears_everything(hub: HubBench, turns: int) -> None:
    async with hub.subscriber() as first:
        await first.wire.until(bool)
    for _ in range(turns):
        await asyncio.sleep(0)

    async with hub.subscriber() as second:
        await second.wire.until(bool)
        await hub.tell(1)

        assert await second.until_number(1) == [1]


async def test_there_are_so_many_streams_and_no_more(bench: Bench) -> None:
    async with open_hub(bench, replace(LIMITS, streams_per_user=1)) as hub:
        async with hub.subscriber():
            with pytest.raises(TooManyStreams):
                async with hub.subscriber():
                    pass
        async with hub.subscriber() as again:
            await again.wire.until(bool)


async def test_closing_ends_every_stream_and_refuses_new_ones(hub: HubBench) -> None:
    async with hub.subscriber() as one, hub.subscriber() as two:
        await hub.hub.close()

        assert one.connection.stream.finished.done()
        assert two.connection.stream.finished.done()
    with pytest.raises(HubClosed):
        async with hub.subscriber():
            pass


async def test_without_redis_no_stream_begins_and_with_it_again_one_does(hub: HubBench, bench: Bench) -> None:
    cutter = Recorder(cut_on(bench.server, b"cut"))
    await bench.jobs.bus.subscribe("cutter", cutter)
    await bench.redis.publish("cutter", "cut")
    await cutter.until("cut", "interrupted")

    with pytest.raises(BusUnavailable):
        async with hub.subscriber():
            pass
    bench.server.connected = True
    await cutter.until("cut", "interrupted", "resumed")

    async with hub.subscriber() as subscriber:
        await subscriber.wire.until(bool)


async def test_idle_streams_get_signs_of_life(bench: Bench) -> None:
    async with open_hub(bench, replace(LIMITS, heartbeat_seconds=0.001)) as hub, hub.subscriber() as subscriber:
        await subscriber.wire.until(lambda _: subscriber.wire.parser.comments >= 3)
