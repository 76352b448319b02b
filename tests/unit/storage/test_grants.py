"""Tests of the sizes that the grant of a signed PUT admits."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from itertools import repeat

import pytest

from storage.signing import TooFewBytes, TooManyBytes, UploadRefused, WriteGrant

GRANT = WriteGrant(
    "media/alice/0192/cat.png", "image/png", min_bytes=2, max_bytes=10, expires_at=datetime.max.replace(tzinfo=UTC)
)


async def stream(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("chunks", [(b"xx",), (b"x", b"", b"x"), (b"x" * 10,)])
@pytest.mark.parametrize("is_declared", [True, False])
async def test_chunks_of_a_size_within_the_bounds_pass_unchanged(
    chunks: tuple[bytes, ...], *, is_declared: bool
) -> None:
    declared = sum(map(len, chunks)) if is_declared else None

    assert [chunk async for chunk in GRANT.admit(stream(*chunks), declared)] == list(chunks)


@pytest.mark.parametrize(
    ("size", "declared", "error"),
    [
        (0, None, TooFewBytes),
        (1, None, TooFewBytes),
        (11, None, TooManyBytes),
        (1, 1, TooFewBytes),
        (11, 11, TooManyBytes),
        (4, 5, TooFewBytes),
        (6, 5, TooManyBytes),
        (5, -1, TooFewBytes),
    ],
)
async def test_another_size_than_signed_or_announced_is_refused(
    size: int, declared: int | None, error: type[UploadRefused]
) -> None:
    with pytest.raises(error):
        _ = [chunk async for chunk in GRANT.admit(stream(*repeat(b"x", size)), declared)]


@pytest.mark.parametrize(("declared", "error"), [(1, TooFewBytes), (11, TooManyBytes)])
async def test_a_wrong_announced_length_is_refused_before_the_first_chunk_is_asked_for(
    declared: int, error: type[UploadRefused]
) -> None:
    chunks = stream(b"hello")

    with pytest.raises(error):
        await anext(GRANT.admit(chunks, declared))

    assert await anext(chunks) == b"hello"
    await chunks.aclose()


async def test_the_chunk_that_passes_the_bound_is_not_passed_on() -> None:
    admitted = GRANT.admit(stream(*repeat(b"xxxx", 100)), None)

    assert [await anext(admitted), await anext(admitted)] == [b"xxxx", b"xxxx"]
    with pytest.raises(TooManyBytes):
        await anext(admitted)
