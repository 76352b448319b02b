"""What becomes of acceptable uploads: the file that is kept, and what is told and shown of it."""

import struct
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from actors.processing.verification import Verified
from actors.processing.verify import process_upload
from tests.unit.actors.processing import samples

PHOTOGRAPHS = [each for each in samples.FORMATS if each != "image/gif"]


def upload(directory: Path, content_type: str, data: bytes, *, keep_metadata: bool = False) -> Verified:
    file = samples.write(directory, data)
    arguments = {"file": str(file), "content_type": content_type, "scratch": str(directory)}
    *_, last = process_upload(arguments | {"keep_metadata": keep_metadata})
    return Verified.model_validate(last["result"])


def brightest(image: Image.Image, at: tuple[int, int]) -> str:
    """Which of red, green and blue prevails in a pixel."""
    pixel = np.asarray(image.convert("RGB"))[at[1], at[0]]
    return ("red", "green", "blue")[int(pixel.argmax())]


def stream_of(file: Path) -> tuple[int, dict[str, str], dict[str, str]]:
    """A video's rotation, and all metadata of the file and of its picture."""
    with av.open(str(file)) as container:
        frame = next(container.decode(video=0))
        return frame.rotation, dict(container.metadata), dict(container.streams.video[0].metadata)


@pytest.mark.parametrize("content_type", PHOTOGRAPHS)
def test_a_photograph_on_its_side_comes_out_upright_and_without_its_place(tmp_path: Path, content_type: str) -> None:
    data = samples.image(content_type, exif=samples.exif(6), quality=95)

    verified = upload(tmp_path, content_type, data)

    assert (verified.width, verified.height) == (60, 80)
    with Image.open(verified.file) as image, Image.open(BytesIO(verified.thumbnail)) as thumbnail:
        tags = dict(image.getexif())
        assert tags == ({0x0112: 6} if content_type == "image/avif" else {})  # `irot`, as Pillow tells it
        assert image.size == ((80, 60) if tags else (60, 80))
        assert brightest(thumbnail, (57, 2)) == "red"
    assert b"Exif" not in verified.file.read_bytes()


@pytest.mark.parametrize("content_type", PHOTOGRAPHS)
def test_metadata_can_be_kept_and_the_picture_is_upright_all_the_same(tmp_path: Path, content_type: str) -> None:
    data = samples.image(content_type, exif=samples.exif(6))

    verified = upload(tmp_path, content_type, data + b"<script>", keep_metadata=True)

    assert (verified.width, verified.height) == (60, 80)
    assert samples.SECRET.encode() in verified.file.read_bytes()
    assert b"<script>" not in verified.file.read_bytes()


def test_a_clean_file_is_kept_as_it_is(tmp_path: Path) -> None:
    data = samples.image("image/png")

    verified = upload(tmp_path, "image/png", data)

    assert verified.file == tmp_path / "upload"
    assert verified.file.read_bytes() == data


@pytest.mark.parametrize("content_type", ["image/gif", "image/webp", "image/png", "image/avif"])
def test_an_animation_keeps_its_frames_and_its_loop(tmp_path: Path, content_type: str) -> None:
    options = {"comment": samples.SECRET} if content_type == "image/gif" else {"exif": samples.exif(1)}
    data = samples.animation(content_type, 4, loop=3, **options)
    assert samples.SECRET.encode() in data

    verified = upload(tmp_path, content_type, data)

    assert verified.duration_seconds is None
    with Image.open(verified.file) as image, Image.open(BytesIO(verified.thumbnail)) as thumbnail:
        frames = getattr(image, "n_frames", 1)
        assert (frames, image.info.get("loop")) == (4, None if content_type == "image/avif" else 3)
        assert getattr(thumbnail, "n_frames", 1) == 1
    assert samples.SECRET.encode() not in verified.file.read_bytes()


@pytest.mark.parametrize("content_type", samples.VIDEOS)
def test_a_video_keeps_language_and_sound_but_says_nothing_of_its_maker(tmp_path: Path, content_type: str) -> None:
    told = {"creation_time": "2024-05-06T07:08:09Z", "location": samples.LOCATION, "title": samples.SECRET}
    data = samples.video(content_type, metadata=told, stream_metadata={"language": "deu", "title": samples.SECRET})

    verified = upload(tmp_path, content_type, data)

    _, container, stream = stream_of(verified.file)
    assert stream.get("language") == (None if content_type == "video/quicktime" else "deu")
    assert not {"creation_time", "location", "title"} & (container.keys() | stream.keys())
    with av.open(str(verified.file)) as opened:
        assert [each.type for each in opened.streams] == ["video", "audio"]


@pytest.mark.parametrize(("rotation", "red"), [(90, "lower left"), (-90, "upper right"), (180, "lower right")])
def test_a_video_on_its_side_keeps_its_rotation_and_shows_upright(tmp_path: Path, rotation: int, red: str) -> None:
    data = samples.video("video/mp4", rotation=rotation)

    verified = upload(tmp_path, "video/mp4", data)

    assert stream_of(verified.file)[0] % 360 == rotation % 360
    assert (verified.width, verified.height) == ((96, 64) if rotation == 180 else (64, 96))
    assert verified.poster
    with Image.open(verified.poster) as poster:
        assert poster.size == (verified.width, verified.height)
        x = 3 if "left" in red else poster.width - 4
        y = 3 if "upper" in red else poster.height - 4
        assert brightest(poster, (x, y)) == "red"


def test_an_mp4_can_be_played_from_its_beginning(tmp_path: Path) -> None:
    verified = upload(tmp_path, "video/mp4", samples.video("video/mp4"))

    kept = verified.file.read_bytes()
    assert kept.index(b"moov") < kept.index(b"mdat")


def test_pictures_of_no_duration_are_copied_one_after_the_other(tmp_path: Path) -> None:
    data = samples.video("video/mp4", 0.4, sounds=0)
    at = data.index(b"stts") + 8
    assert struct.unpack_from(">II", data, at) == (1, 10)
    still = data[: at + 8] + bytes(4) + data[at + 12 :]

    verified = upload(tmp_path, "video/mp4", still)

    with av.open(str(verified.file)) as container:
        times = [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
    assert len(times) == len(set(times)) == 10


def test_the_same_upload_gives_the_same_file(tmp_path: Path) -> None:
    data = samples.video("video/webm")

    digests = {(upload(tmp_path, "video/webm", data)).sha256 for _ in range(2)}

    assert len(digests) == 1


def test_a_poster_is_bounded_and_the_thumbnail_smaller(tmp_path: Path) -> None:
    verified = upload(tmp_path, "video/mp4", samples.video("video/mp4", 0.1, size=(1920, 1080)))

    assert (verified.width, verified.height) == (1920, 1080)
    assert verified.poster
    with Image.open(verified.poster) as poster, Image.open(BytesIO(verified.thumbnail)) as thumbnail:
        assert (poster.size, thumbnail.size) == ((1280, 720), (512, 288))


POLYGLOTS = {
    "png-zip": ("image/png", b"PK\x03\x04payload"),
    "png-html": ("image/png", b"<script>payload</script>"),
    "gif-js": ("image/gif", b"*/=1;alert('payload')"),
    "jpeg-zip": ("image/jpeg", b"PK\x03\x04payload"),
    "webp-html": ("image/webp", b"<script>payload</script>"),
    "avif-zip": ("image/avif", b"PK\x03\x04payload"),
    "mp4-zip": ("video/mp4", b"PK\x03\x04payload"),
    "mov-html": ("video/quicktime", b"<script>payload</script>"),
    "webm-html": ("video/webm", b"<script>payload</script>"),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_follows_the_media_is_dropped(tmp_path: Path, name: str) -> None:
    content_type, tail = POLYGLOTS[name]

    verified = upload(tmp_path, content_type, samples.sample_of(content_type) + tail)

    assert b"payload" not in verified.file.read_bytes()


def test_a_picture_with_another_behind_it_becomes_one(tmp_path: Path) -> None:
    out = BytesIO()
    samples.picture().save(out, "MPO", save_all=True, append_images=[samples.picture((20, 20))])

    verified = upload(tmp_path, "image/jpeg", out.getvalue())

    with Image.open(verified.file) as image:
        assert (image.format, image.size) == ("JPEG", samples.SIZE)
    assert verified.file.read_bytes().count(b"\xff\xd8\xff") == 1
