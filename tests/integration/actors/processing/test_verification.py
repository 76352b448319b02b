"""The whole way of an upload: from the parent through a limited child to a verdict."""

import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from actors.children import ChildFailed, ChildPool, Limits
from actors.processing.bounds import ACCEPTED_TYPES, Bounds
from actors.processing.verification import (
    UPLOAD_LIMITS,
    ContentRefused,
    describe_generated,
    verify_upload,
)
from tests.unit.actors.processing import samples


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = ChildPool(limit=2)
    yield pool
    await pool.close()


async def refusal(
    pool: ChildPool,
    directory: Path,
    content_type: str,
    data: bytes,
    bounds: Bounds = Bounds(),  # noqa: B008  # frozen
    limits: Limits = UPLOAD_LIMITS,
) -> str:
    file = samples.write(directory, data)
    with pytest.raises(ContentRefused) as caught:
        await verify_upload(pool, file, content_type, bounds, directory, lambda *_: None, limits=limits)
    return caught.value.reason


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
async def test_a_valid_file_is_verified_measured_and_rid_of_metadata(
    pool: ChildPool, tmp_path: Path, content_type: str
) -> None:
    data = samples.sample_of(content_type)
    assert samples.SECRET.encode() in data or b"48.8577" in data

    file = samples.write(tmp_path, data)
    verified = await verify_upload(pool, file, content_type, Bounds(), tmp_path, lambda *_: None)

    kept = verified.file.read_bytes()
    is_video = content_type in samples.VIDEOS
    assert (verified.content_type, verified.kind) == (content_type, content_type.partition("/")[0])
    assert (verified.width, verified.height) == ((96, 64) if is_video else samples.SIZE)
    assert verified.duration_seconds == (pytest.approx(1.2, abs=0.05) if is_video else None)
    assert (verified.size, verified.sha256) == (len(kept), sha256(kept).hexdigest())
    assert samples.SECRET.encode() not in kept
    assert b"48.8577" not in kept
    with Image.open(BytesIO(verified.thumbnail)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (verified.width, verified.height))
    assert (verified.poster is not None) == is_video


async def test_progress_ends_at_the_size_of_the_upload(pool: ChildPool, tmp_path: Path) -> None:
    file = samples.write(tmp_path, samples.image("image/png") + bytes(9 << 20))
    told: list[tuple[int, int]] = []

    await verify_upload(pool, file, "image/png", Bounds(), tmp_path, lambda *each: told.append(each))

    size = file.stat().st_size
    assert told == [(4 << 20, size), (8 << 20, size), (size, size)]


@pytest.mark.parametrize("content_type", ["image/png", "video/mp4"])
async def test_generated_media_are_described_and_kept_with_their_metadata(
    pool: ChildPool, tmp_path: Path, content_type: str
) -> None:
    data = samples.sample_of(content_type)
    file = samples.write(tmp_path, data)

    described = await describe_generated(pool, file, content_type, tmp_path)

    assert (described.file, file.read_bytes()) == (file, data)
    assert described.content_type == content_type
    assert described.thumbnail.startswith(b"RIFF")
    assert described.placeholder


async def test_a_generated_file_is_told_by_what_it_is(pool: ChildPool, tmp_path: Path) -> None:
    file = samples.write(tmp_path, samples.image("image/webp"))

    described = await describe_generated(pool, file, "image/png", tmp_path)

    assert described.content_type == "image/webp"


BOMBS = {
    "pixels": ("image/png", samples.huge_png, "too_many_pixels"),
    "frames": ("image/gif", lambda: samples.gif(100_000), "too_many_frames"),
    "canvas": ("image/gif", lambda: samples.gif(1, size=(65_535, 65_535)), "too_many_pixels"),
    "frame": ("image/gif", lambda: samples.gif(1, frame=(65_535, 65_535)), "too_many_pixels"),
    "text": (
        "image/png",
        lambda: samples.png(8, 8, samples.png_chunk(b"zTXt", b"Comment\0\0" + samples.zeros(8))),
        "decompression_bomb",
    ),
    "international text": (
        "image/png",
        lambda: samples.png(8, 8, samples.png_chunk(b"iTXt", b"XML\0\1\0\0\0" + samples.zeros(8))),
        "decompression_bomb",
    ),
    "profile": (
        "image/png",
        lambda: samples.png(8, 8, samples.png_chunk(b"iCCP", b"p\0\0" + samples.zeros(8))),
        "decompression_bomb",
    ),
    "many texts": (
        "image/png",
        lambda: samples.png(8, 8, samples.png_chunk(b"zTXt", b"Comment\0\0" + samples.zeros(3)) * 3000),
        "decompression_bomb",
    ),
    "picture data": ("image/png", lambda: samples.png(8, 8, pixels=samples.zeros(8)), "decompression_bomb"),
    "pictures": ("video/mp4", lambda: samples.claiming_mp4(10**9), "too_many_frames"),
    "scans": (
        "image/jpeg",
        lambda: samples.image("image/jpeg").replace(b"\xff\xda", b"\xff\xda\0\2" * 101 + b"\xff\xda", 1),
        "too_many_scans",
    ),
    "chunks": ("image/png", lambda: samples.png(8, 8, samples.png_chunk(b"IDAT", b"") * 500_000), "too_many_parts"),
    "segments": (
        "image/jpeg",
        lambda: samples.image("image/jpeg").replace(b"\xff\xd8", b"\xff\xd8" + b"\xff\xfe\0\2" * 1_000_000, 1),
        "too_many_parts",
    ),
    "extensions": ("image/gif", lambda: samples.gif(1)[:-1] + b"!\xfe\0" * 1_000_000 + b";", "too_many_parts"),
    "boxes": ("image/avif", lambda: b"\0\0\0\x14ftypavif\0\0\0\0avif" + b"\0\0\0\x08free" * 500_000, "too_many_parts"),
    "riff chunks": ("image/webp", lambda: samples.many_chunks(500_000), "too_many_parts"),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused_before_it_goes_off(pool: ChildPool, tmp_path: Path, name: str) -> None:
    content_type, make, reason = BOMBS[name]
    limits = replace(UPLOAD_LIMITS, memory_bytes=400 << 20, cpu_seconds=5)

    assert await refusal(pool, tmp_path, content_type, make(), limits=limits) == reason


async def test_a_reference_to_another_file_is_not_followed(pool: ChildPool, tmp_path: Path) -> None:
    secret = samples.write(tmp_path, samples.video("video/quicktime"), "other.mov")
    data = samples.video("video/quicktime", 0.2, sounds=0)
    outside = b"\0\0\0\0" + str(secret).encode() + b"\0"
    here = b"\0\0\0\x0curl \0\0\0\1"
    assert here in data
    outward = data.replace(here, struct.pack(">I", 8 + len(outside)) + b"url " + outside)

    assert await refusal(pool, tmp_path, "video/quicktime", outward) in {"truncated", "undecodable"}


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
async def test_a_spoiled_file_is_verified_or_refused_and_never_quoted(
    pool: ChildPool, tmp_path: Path, content_type: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = samples.write(tmp_path, samples.sample_of(content_type))
    errand = "tests.integration.actors.processing.errands:spoil"
    arguments = {"file": str(file), "content_type": content_type, "scratch": str(tmp_path), "seed": 7, "places": 30}

    async with pool.run(errand, arguments, limits=UPLOAD_LIMITS) as messages:
        outcomes = [message async for message in messages]

    assert len(outcomes) == 30
    assert all(("result" in each["last"]) != ("refused" in each["last"]) for each in outcomes)
    assert any("refused" in each["last"] for each in outcomes)
    assert samples.SECRET not in capfd.readouterr().err


async def test_too_little_memory_for_a_picture_is_a_refusal(pool: ChildPool, tmp_path: Path) -> None:
    data = samples.png(9900, 9900)

    assert await refusal(pool, tmp_path, "image/png", data, limits=Limits(memory_bytes=180 << 20)) == "memory"


async def test_a_file_that_grows_beyond_the_limit_is_a_refusal(pool: ChildPool, tmp_path: Path) -> None:
    data = samples.video("video/mp4")

    assert await refusal(pool, tmp_path, "video/mp4", data, limits=Limits(file_bytes=1000)) == "too_large"


async def test_running_out_of_time_is_a_refusal(pool: ChildPool, tmp_path: Path) -> None:
    data = samples.image("image/png")

    assert await refusal(pool, tmp_path, "image/png", data, limits=Limits(wall_seconds=0)) == "timeout"


@pytest.mark.parametrize("content_type", ["image/jpeg", "video/mp4"])
async def test_a_scratch_directory_that_is_gone_is_no_refusal(
    pool: ChildPool, tmp_path: Path, content_type: str
) -> None:
    file = samples.write(tmp_path, samples.sample_of(content_type))

    with pytest.raises(ChildFailed, match="FileNotFoundError"):
        await verify_upload(pool, file, content_type, Bounds(), tmp_path / "gone", lambda *_: None)
