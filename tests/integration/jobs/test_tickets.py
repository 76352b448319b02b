"""Tickets open one stream, once, for a minute."""

import asyncio

import pytest

from jobs.eventlog import LogUnavailable
from jobs.tickets import TICKET_SECONDS, Admission
from tests.factories import Bench

pytestmark = pytest.mark.places("sqlite")

ADMISSION = Admission("alice", 1_750_000_000.5)


async def test_a_ticket_admits_whom_it_was_given_to(bench: Bench) -> None:
    ticket = await bench.jobs.tickets.issue(ADMISSION)

    assert await bench.jobs.tickets.redeem(ticket) == ADMISSION


async def test_of_many_who_use_a_ticket_at_once_one_is_admitted(bench: Bench) -> None:
    ticket = await bench.jobs.tickets.issue(ADMISSION)

    admissions = await asyncio.gather(*(bench.jobs.tickets.redeem(ticket) for _ in range(10)))

    assert [each for each in admissions if each] == [ADMISSION]


async def test_a_ticket_that_was_never_given_admits_nobody(bench: Bench) -> None:
    assert await bench.jobs.tickets.redeem("guessed") is None


async def test_a_ticket_is_good_for_a_minute(bench: Bench) -> None:
    ticket = await bench.jobs.tickets.issue(ADMISSION)

    assert 0 < await bench.redis.ttl(f"mp:ticket:{ticket}") <= TICKET_SECONDS


async def test_without_redis_there_are_no_tickets(bench: Bench) -> None:
    ticket = await bench.jobs.tickets.issue(ADMISSION)
    bench.server.connected = False

    with pytest.raises(LogUnavailable):
        await bench.jobs.tickets.issue(ADMISSION)
    with pytest.raises(LogUnavailable):
        await bench.jobs.tickets.redeem(ticket)
