"""What is not what it was declared to be, or more than anybody should unpack: refused, each for its reason."""

from dataclasses import asdict
from pathlib import Path

import pytest

from actors.processing.bounds import ACCEPTED_TYPES, Bounds
from actors.processing.verify import process_upload
from tests.unit.actors.processing import samples

PLAYLIST = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"


def refusal(directory: Path, content_type: str, data: bytes, bounds: Bounds | None = None) -> str:
    file = samples.write(directory, data)
    arguments = {"file": str(file), "content_type": content_type, "scratch": str(directory)}
    *_, last = process_upload(arguments | {"bounds": asdict(bounds or Bounds())})
    return str(last["refused"])


FOREIGN = {
    "html": ("image/png", b"<!doctype html><script>alert(1)</script>"),
    "svg": ("image/webp", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "eps": ("image/jpeg", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    "zeros": ("image/gif", bytes(5000)),
    "nothing": ("image/avif", b""),
    "playlist": ("video/mp4", PLAYLIST),
    "concat": ("video/mp4", CONCAT),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_no_accepted_type_is_refused_by_its_signature(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, *FOREIGN[name]) == "signature"


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("image/jpeg", "image/png"),
        ("image/png", "image/gif"),
        ("image/avif", "video/mp4"),
        ("video/mp4", "video/quicktime"),
        ("video/webm", "image/webp"),
    ],
)
def test_one_accepted_type_declared_as_another_is_refused(tmp_path: Path, declared: str, actual: str) -> None:
    assert refusal(tmp_path, declared, samples.sample_of(actual)) == "type_mismatch"


def test_matroska_is_not_webm(tmp_path: Path) -> None:
    data = samples.video("video/webm").replace(b"\x42\x82\x84webm", b"\x42\x82\x88matroska", 1)

    assert refusal(tmp_path, "video/webm", data) == "signature"


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, content_type: str) -> None:
    data = samples.sample_of(content_type)

    assert refusal(tmp_path, content_type, data[: len(data) * 3 // 4]) == "truncated"


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
def test_a_signature_alone_is_refused(tmp_path: Path, content_type: str) -> None:
    data = samples.sample_of(content_type)[:64] + bytes(5000)

    assert refusal(tmp_path, content_type, data) in {"truncated", "undecodable", "decompression_bomb"}


@pytest.mark.parametrize(
    ("content_type", "bounds", "reason"),
    [
        ("image/webp", Bounds(frames=3), "too_many_frames"),
        ("image/png", Bounds(frames=3), "too_many_frames"),
        ("image/gif", Bounds(frames=3), "too_many_frames"),
        ("image/avif", Bounds(frames=3), "too_many_frames"),
        ("image/webp", Bounds(animation_pixels=3 * 80 * 60), "too_many_pixels"),
        ("image/jpeg", Bounds(image_pixels=80 * 60 - 1), "too_many_pixels"),
        ("image/webp", Bounds(image_pixels=80 * 60 - 1), "too_many_pixels"),
        ("image/avif", Bounds(image_pixels=80 * 60 - 1), "too_many_pixels"),
    ],
)
def test_a_picture_beyond_its_bounds_is_refused(tmp_path: Path, content_type: str, bounds: Bounds, reason: str) -> None:
    is_still = content_type == "image/jpeg"
    data = samples.image(content_type) if is_still else samples.animation(content_type, 4)

    assert refusal(tmp_path, content_type, data, bounds) == reason


@pytest.mark.parametrize("content_type", samples.VIDEOS)
@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        (Bounds(video_seconds=0.5), "too_long"),
        (Bounds(video_pixels=96 * 64 - 1), "too_many_pixels"),
        (Bounds(video_frames=10), "too_many_frames"),
        (Bounds(streams=1), "too_many_streams"),
    ],
)
def test_a_video_beyond_its_bounds_is_refused(tmp_path: Path, content_type: str, bounds: Bounds, reason: str) -> None:
    assert refusal(tmp_path, content_type, samples.video(content_type), bounds) == reason


def test_a_video_with_more_sounds_than_streams_allowed_is_refused(tmp_path: Path) -> None:
    data = samples.video("video/mp4", 0.2, sounds=8)

    assert refusal(tmp_path, "video/mp4", data) == "too_many_streams"


@pytest.mark.parametrize(("content_type", "codec"), [("video/mp4", "mpeg4"), ("video/quicktime", "mjpeg")])
def test_a_codec_that_no_browser_plays_is_refused(tmp_path: Path, content_type: str, codec: str) -> None:
    data = samples.video(content_type, 0.2, codec=codec, pixels="yuvj420p" if codec == "mjpeg" else "yuv420p")

    assert refusal(tmp_path, content_type, data) == "codec"
