"""Scratch rooms: each run finds an empty directory that nobody else is in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.scratch import ScratchRooms


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[ScratchRooms]:
    rooms = ScratchRooms(tmp_path)
    yield rooms
    rooms.close()


def test_a_room_that_was_left_in_peace_is_used_again_and_empty(rooms: ScratchRooms, tmp_path: Path) -> None:
    with rooms.room() as first:
        (first / "output.png").write_bytes(b"a picture")
        (first / "link").symlink_to(tmp_path)

    with rooms.room() as second:
        assert second == first
        assert list(second.iterdir()) == []
    assert tmp_path.exists()


def test_two_runs_at_once_have_two_rooms(rooms: ScratchRooms) -> None:
    with rooms.room() as one, rooms.room() as other:
        assert one != other


def test_a_room_that_was_left_otherwise_is_gone(rooms: ScratchRooms, tmp_path: Path) -> None:
    def fail() -> None:
        with rooms.room() as left:
            (left / "output.png").write_bytes(b"half a picture")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_a_room_with_a_directory_in_it_is_not_used_again(rooms: ScratchRooms, tmp_path: Path) -> None:
    with rooms.room() as left:
        (left / "frames").mkdir()
        (left / "frames" / "1.png").write_bytes(b"a frame")

    assert list(tmp_path.iterdir()) == []


def test_a_room_that_somebody_removed_is_not_handed_out(rooms: ScratchRooms, tmp_path: Path) -> None:
    with rooms.room() as first, rooms.room() as second:
        pass
    first.rmdir()

    with rooms.room() as one, rooms.room() as other:
        assert one.is_dir()
        assert other.is_dir()
        assert second in {one, other}


def test_a_room_that_is_removed_under_a_run_fails_nothing_else(rooms: ScratchRooms, tmp_path: Path) -> None:
    with rooms.room() as taken:
        taken.rmdir()

    with rooms.room() as room:
        assert room != taken


def test_closing_removes_what_nobody_is_in(rooms: ScratchRooms, tmp_path: Path) -> None:
    with rooms.room() as taken:
        with rooms.room():
            pass
        rooms.close()
        assert list(tmp_path.iterdir()) == [taken]

    rooms.close()

    assert list(tmp_path.iterdir()) == []
