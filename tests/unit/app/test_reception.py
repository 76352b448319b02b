"""The reception: who comes and goes, and who makes room when it is full."""

import asyncio

from prometheus_client import CollectorRegistry

from app.connection import Connection, Patience
from app.reception import Reception
from tests.unit.app.wires import HEAD, LONG, Behind, Wire


def arrived(reception: Reception) -> tuple[Connection, Wire]:
    connection, wire = reception.watched(Behind()), Wire()
    connection.connection_made(wire)
    return connection, wire


def busy(reception: Reception) -> tuple[Connection, Wire]:
    connection, wire = arrived(reception)
    connection.data_received(HEAD)
    connection.begin()
    return connection, wire


def reception_of(places: int, write: float = LONG) -> tuple[Reception, CollectorRegistry]:
    metrics = CollectorRegistry()
    return Reception(Patience(LONG, write), places, metrics), metrics


async def test_the_one_that_waited_longest_makes_room() -> None:
    reception, metrics = reception_of(3)
    wires = [arrived(reception)[1], busy(reception)[1], arrived(reception)[1]]

    _, last = arrived(reception)

    assert [wire.is_cut for wire in (*wires, last)] == [True, False, False, False]
    assert len(reception) == 3
    assert metrics.get_sample_value("media_connections_cut_total", {"reason": "crowd"}) == 1


async def test_one_that_has_just_been_answered_is_the_last_to_make_room() -> None:
    reception, _ = reception_of(2)
    answered, its_wire = busy(reception)
    _, other = arrived(reception)
    answered.end()

    arrived(reception)

    assert (its_wire.is_cut, other.is_cut) == (False, True)


async def test_where_all_are_busy_the_new_one_is_turned_away() -> None:
    reception, _ = reception_of(2)
    wires = [busy(reception)[1], busy(reception)[1]]

    _, last = arrived(reception)

    assert [wire.is_cut for wire in (*wires, last)] == [False, False, True]
    assert len(reception) == 2


async def test_one_that_goes_leaves_its_place() -> None:
    reception, metrics = reception_of(1)
    connection, _ = busy(reception)
    connection.connection_lost(None)

    _, wire = busy(reception)

    assert not wire.is_cut
    assert metrics.get_sample_value("media_connections_open") == 1


async def test_connections_are_looked_after() -> None:
    reception, _ = reception_of(2, write=0.01)
    _, wire = busy(reception)
    wire.unsent = 1

    with reception.looking():
        await asyncio.wait_for(wire.ended.wait(), 10)

    assert wire.is_cut
