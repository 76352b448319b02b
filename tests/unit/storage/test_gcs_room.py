"""What uploads to a bucket may hold in memory, all together."""

from hypothesis import given
from hypothesis import strategies as st

from storage.gcs_room import ROOM_BYTES, Room
from storage.store import RESUMABLE_CHUNK_BYTES as CHUNK
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE


def test_few_uploads_have_the_chunk_that_is_advised() -> None:
    room = Room()

    assert [room.take() for _ in range(4)] == [CHUNK] * 4


@given(st.integers(1, 400))
def test_many_share_what_there_is(count: int) -> None:
    room = Room()

    sizes = [room.take() for _ in range(count)]

    assert all(GRANULE <= size <= CHUNK and size % GRANULE == 0 for size in sizes)
    assert sum(sizes) <= ROOM_BYTES + count * GRANULE


def test_what_is_given_back_is_there_again() -> None:
    room = Room()

    for size in [room.take() for _ in range(200)]:
        room.give(size)

    assert room.take() == CHUNK
