"""Tests of the bytes in memory: their accounting, and the mark that an upload goes back to."""

from hashlib import sha256

import pytest

from storage.pieces import PIECE_BYTES, Budget, Intake, read_pieces
from storage.store import StorageFull


def make_budget(limit: int = 10 * PIECE_BYTES) -> Budget:
    return Budget(limit, lambda: None)


async def body_of(intake: Intake) -> tuple[bytes, str]:
    content = intake.finish()
    return b"".join([piece async for piece in read_pieces(content.pieces, 0, content.size)]), content.etag


def test_a_budget_reclaims_before_it_refuses() -> None:
    budget = Budget(10, lambda: budget.release(4))
    budget.reserve(8)

    budget.reserve(5)
    reclaimed = budget.used
    with pytest.raises(StorageFull):
        budget.reserve(6)

    assert (reclaimed, budget.used) == (9, 5)


@pytest.mark.parametrize("marked", [0, PIECE_BYTES, 3 * PIECE_BYTES])
@pytest.mark.parametrize("behind", [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 7])
async def test_an_intake_goes_back_to_its_mark_and_on_from_there(marked: int, behind: int) -> None:
    budget = make_budget()
    intake = Intake(budget)
    intake.take(b"a" * marked)
    intake.keep()
    intake.take(b"b" * behind)

    intake.roll_back()
    used = budget.used
    intake.take(b"c" * 5)

    body = b"a" * marked + b"c" * 5
    assert used == marked
    assert await body_of(intake) == (body, sha256(body).hexdigest())


def test_an_intake_without_a_mark_goes_back_to_the_beginning() -> None:
    budget = make_budget()
    intake = Intake(budget)
    intake.take(b"x" * 100)

    intake.roll_back()

    assert (budget.used, intake.size) == (0, 0)


def test_a_mark_inside_of_a_piece_is_a_mistake() -> None:
    intake = Intake(make_budget())
    intake.take(b"x")

    with pytest.raises(ValueError, match="piece"):
        intake.keep()


def test_a_discarded_intake_gives_what_it_kept_back_too() -> None:
    budget = make_budget()
    intake = Intake(budget)
    intake.take(b"x" * PIECE_BYTES)
    intake.keep()

    intake.discard()
    intake.discard()

    assert budget.used == 0


def test_a_chunk_without_room_leaves_the_intake_as_it_was() -> None:
    budget = make_budget(limit=10)
    intake = Intake(budget)
    intake.take(b"x" * 8)

    with pytest.raises(StorageFull):
        intake.take(b"x" * 3)

    assert (intake.size, budget.used) == (8, 8)


def test_content_counts_until_its_last_holder_lets_go() -> None:
    budget = make_budget()
    intake = Intake(budget)
    intake.take(b"x" * 100)
    content = intake.finish()
    content.hold()
    content.hold()

    content.let_go()
    with_one = budget.used
    content.let_go()

    assert (with_one, budget.used) == (100, 0)
