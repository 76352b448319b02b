"""What is kept of an upload until the bucket has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.gcs_window import PIECE_BYTES, Window, parts


async def body(window: Window, until: int) -> bytes:
    return b"".join([bytes(piece) async for piece in window.read(until)])


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
async def test_a_window_is_the_stretch_of_the_stream_between_its_ends(pieces: list[bytes], data: st.DataObject) -> None:
    window, whole = Window(), b"".join(pieces)
    for piece in pieces:
        window.add(memoryview(piece))

    dropped = data.draw(st.integers(0, len(whole)))
    window.drop(dropped)
    until = data.draw(st.integers(dropped, len(whole)))

    assert (window.start, window.stop) == (dropped, len(whole))
    assert await body(window, until) == whole[dropped:until]
    assert await body(window, len(whole)) == whole[dropped:]


async def test_a_large_piece_is_handed_on_in_parts_and_not_copied() -> None:
    source = bytearray(3 * PIECE_BYTES + 5)
    window = Window()
    window.add(memoryview(source))

    sent = [piece async for piece in window.read(len(source))]

    assert [len(piece) for piece in sent] == [PIECE_BYTES] * 3 + [5]
    assert all(piece.obj is source for piece in sent)


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11])
def test_parts_are_everything_in_order(size: int) -> None:
    whole = bytes(range(size))

    assert b"".join(parts(memoryview(whole), 10)) == whole
