"""One connection's bounds: its heads in time and size, and that what is written to it is taken."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from app.connection import MAX_HEAD_BYTES, TOO_LARGE, TOO_LATE, Connection, Patience, _Head, connection_of
from tests.unit.app.wires import HEAD, LONG, Behind, Wire

SHORT = 0.01


class OpenDoor:
    """Lets in who comes, or nobody."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        self.calls: list[str] = []

    def enter(self, connection: Connection) -> bool:
        return self.is_open

    def work(self, connection: Connection) -> None:
        self.calls.append("work")

    def wait(self, connection: Connection) -> None:
        self.calls.append("wait")

    def leave(self, connection: Connection) -> None:
        self.calls.append("leave")

    def cut(self, reason: str) -> None:
        self.calls.append(reason)


def made(head: float = LONG, write: float = LONG, **door: bool) -> tuple[Connection, Wire, Behind, OpenDoor]:
    wire, behind, its_door = Wire(), Behind(), OpenDoor(**door)
    connection = Connection(behind, its_door, Patience(head, write))
    connection.connection_made(wire)
    return connection, wire, behind, its_door


async def test_who_sends_nothing_is_told_that_it_is_too_late() -> None:
    _, wire, _, door = made(head=SHORT)

    await wire.ended.wait()

    assert wire.written == TOO_LATE
    assert door.calls == ["head_time"]


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for() -> None:
    connection, wire, behind, _ = made(head=SHORT)
    for byte in HEAD[:-1]:
        connection.data_received(bytes([byte]))

    await wire.ended.wait()

    assert wire.written == TOO_LATE
    assert behind.received == HEAD[:-1]


async def test_a_whole_head_has_all_the_time_that_its_answer_takes() -> None:
    connection, wire, behind, _ = made(head=SHORT)
    for byte in HEAD:
        connection.data_received(bytes([byte]))
    connection.begin()
    connection.data_received(b"a body")

    patient = asyncio.Event()
    asyncio.get_running_loop().call_later(5 * SHORT, patient.set)
    await patient.wait()

    assert not wire.ended.is_set()
    assert behind.received == HEAD + b"a body"


async def test_a_later_head_is_timed_from_its_first_byte() -> None:
    connection, wire, _, _ = made(head=SHORT)
    connection.data_received(HEAD)
    connection.begin()
    connection.end()
    patient = asyncio.Event()
    asyncio.get_running_loop().call_later(5 * SHORT, patient.set)
    await patient.wait()
    was_idle = not wire.ended.is_set()

    connection.data_received(HEAD[:1])
    await wire.ended.wait()

    assert was_idle
    assert wire.written == TOO_LATE


async def test_a_head_that_is_too_large_goes_no_further() -> None:
    connection, wire, behind, door = made()

    connection.data_received(HEAD[:-2])
    connection.data_received(b"X: " + b"x" * MAX_HEAD_BYTES)

    assert wire.written == TOO_LARGE
    assert behind.received == HEAD[:-2]
    assert door.calls == ["head_size"]


async def test_what_stands_behind_a_head_is_not_a_part_of_it() -> None:
    connection, wire, behind, _ = made()

    connection.data_received(HEAD + b"x" * 2 * MAX_HEAD_BYTES)
    connection.data_received(b"x" * 2 * MAX_HEAD_BYTES)

    assert not wire.ended.is_set()
    assert len(behind.received) == len(HEAD) + 4 * MAX_HEAD_BYTES


async def test_a_client_that_takes_nothing_is_cut_off_and_one_that_takes_a_little_is_not() -> None:
    stuck, its_wire, _, door = made(write=SHORT)
    slow, other_wire, _, _ = made(write=SHORT)
    its_wire.unsent = other_wire.unsent = 10**6
    for each in (stuck, slow):
        each.look()
    patient = asyncio.Event()
    asyncio.get_running_loop().call_later(5 * SHORT, patient.set)
    await patient.wait()

    other_wire.unsent -= 1
    for each in (stuck, slow):
        each.look()

    assert (its_wire.is_cut, other_wire.is_cut) == (True, False)
    assert door.calls == ["write"]


async def test_who_is_turned_away_costs_nothing() -> None:
    connection, wire, behind, door = made(is_open=False)

    connection.connection_lost(None)

    assert wire.is_cut
    assert not behind.is_made
    assert door.calls == []


async def test_the_door_hears_of_work_and_rest() -> None:
    connection, wire, _, door = made()
    idle = [connection.is_idle]
    connection.data_received(HEAD)
    idle.append(connection.is_idle)
    connection.begin()
    idle.append(connection.is_idle)
    connection.end()
    idle.append(connection.is_idle)
    wire.unsent = 1
    idle.append(connection.is_idle)
    connection.connection_lost(None)
    connection.end()

    assert idle == [True, False, False, True, False]
    assert door.calls == ["work", "wait", "leave"]


async def test_a_transport_of_another_protocol_has_no_watched_connection() -> None:
    connection, wire, behind, _ = made()
    wire.get_protocol = lambda: connection  # type: ignore[method-assign]
    other = Wire()
    other.get_protocol = lambda: behind  # type: ignore[method-assign]

    assert [connection_of(each) for each in (wire, other, None)] == [connection, None, None]


@given(st.lists(st.sampled_from([b"\r", b"\n", b"a", b"\r\n\r\n", b"ab\r\n", b"\r\n\r"])))
def test_the_end_of_a_head_is_found_however_it_is_cut(pieces: list[bytes]) -> None:
    head, whole = _Head(), b"".join(pieces)
    for piece in pieces:
        if head.take(piece):
            break

    end = whole.find(b"\r\n\r\n")
    assert head.is_whole == (end >= 0)
    assert head.size == (end + 4 if end >= 0 else len(whole))
