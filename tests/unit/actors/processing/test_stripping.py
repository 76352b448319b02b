"""The cleaners of image files: the same pixels before and after, and nothing else but them and their colours."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from actors.processing.avif import strip_avif
from actors.processing.bounds import Bounds
from actors.processing.exif import orientation_of
from actors.processing.gif import strip_gif
from actors.processing.jpeg import strip_jpeg
from actors.processing.png import strip_png
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped
from actors.processing.webp import strip_webp
from tests.unit.actors.processing import samples

STRIP: dict[str, Callable[[bytes], Stripped]] = {
    "image/jpeg": strip_jpeg,
    "image/png": lambda data: strip_png(data, Bounds()),
    "image/webp": lambda data: strip_webp(data, Bounds()),
    "image/gif": lambda data: strip_gif(data, Bounds()),
    "image/avif": strip_avif,
}
WITH_EXIF = [each for each in STRIP if each != "image/gif"]


# Where each pass of an interlaced PNG begins, and its steps (PNG third edition, section 8.2).
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("content_type", STRIP)
def test_no_pixel_changes(content_type: str) -> None:
    data = samples.sample_of(content_type)

    stripped = STRIP[content_type](data)

    assert stripped.data != data
    assert pixels(stripped.data) == pixels(data)


@pytest.mark.parametrize("content_type", STRIP)
def test_what_is_clean_stays_as_it_is(content_type: str) -> None:
    once = STRIP[content_type](samples.sample_of(content_type)).data

    assert STRIP[content_type](once).data == once


@pytest.mark.parametrize("content_type", STRIP)
def test_no_beginning_of_a_file_is_taken_for_all_of_it(content_type: str) -> None:
    data = samples.sample_of(content_type)

    for length in range(30, len(data) - 1, 7):
        with pytest.raises(Refused, match=r"truncated|undecodable"):
            STRIP[content_type](data[:length])


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_before_it_goes(content_type: str, orientation: int) -> None:
    data = samples.image(content_type, exif=samples.exif(orientation))

    assert STRIP[content_type](data).orientation == orientation


@pytest.mark.parametrize("content_type", WITH_EXIF)
def test_the_colour_profile_stays(content_type: str) -> None:
    profile = samples.display_profile()
    data = samples.image(content_type, icc_profile=profile, exif=samples.exif(1))

    with Image.open(BytesIO(STRIP[content_type](data).data)) as image:
        assert image.info["icc_profile"] == profile


def test_a_jpeg_loses_its_thumbnail_and_keeps_adobes_colours() -> None:
    data = samples.image("image/jpeg", samples.picture(mode="CMYK"), comment=samples.SECRET)
    thumbnail = b"\xff\xe0" + struct.pack(">H", 16 + 3) + b"JFIF\0\1\1\0\0\1\0\1\1\1abc"

    stripped = strip_jpeg(data[:2] + thumbnail + data[2:]).data

    assert b"abc" not in stripped
    assert samples.SECRET.encode() not in stripped
    assert b"\xff\xee\x00\x0eAdobe" in stripped
    assert pixels(stripped) == pixels(data)


def test_a_progressive_jpeg_keeps_all_its_scans() -> None:
    data = samples.image("image/jpeg", progressive=True, exif=samples.exif(1))

    assert strip_jpeg(data).data.count(b"\xff\xda") == data.count(b"\xff\xda") > 3


def test_a_jpeg_with_restarts_keeps_its_pixels() -> None:
    data = samples.image("image/jpeg", restart_marker_blocks=2, exif=samples.exif(1))

    assert pixels(strip_jpeg(data).data) == pixels(data)


def test_an_interlaced_png_has_the_amount_of_data_that_it_should() -> None:
    for width, height in [(1, 1), (3, 5), (8, 8), (13, 2)]:
        rows = sum(
            len(range(y, height, down)) * (1 + len(range(x, width, across)))
            for x, y, across, down in PASSES
            if range(x, width, across)
        )
        data = bytearray(samples.png(width, height, pixels=zlib.compress(bytes(rows))))
        data[28] = 1
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))

        assert strip_png(bytes(data), Bounds()).data == data


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_any_depth_has_the_amount_of_data_that_it_should(mode: str) -> None:
    source = Image.fromarray(np.zeros((7, 13), np.uint16)) if mode == "I;16" else samples.picture((13, 7), mode)
    data = samples.image("image/png", source)

    assert strip_png(data, Bounds()).data == data


def test_a_png_with_a_flipped_bit_is_refused() -> None:
    data = bytearray(samples.image("image/png"))
    data[60] ^= 4

    with pytest.raises(Refused, match="undecodable"):
        strip_png(bytes(data), Bounds())


def test_a_png_with_an_unknown_critical_chunk_is_refused() -> None:
    with pytest.raises(Refused, match="undecodable"):
        strip_png(samples.png(8, 8, samples.png_chunk(b"EVIL", b"")), Bounds())


def test_an_unknown_chunk_in_a_webp_frame_goes() -> None:
    data = samples.animation("image/webp")
    at = data.index(b"ANMF")
    [size] = struct.unpack_from("<I", data, at + 4)
    hidden = b"hide\x06\0\0\0secret"
    frame = data[at : at + 4] + struct.pack("<I", size + len(hidden)) + data[at + 8 : at + 8 + size] + hidden
    body = data[12:at] + frame + data[at + 8 + size :]
    riff = b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP"

    assert strip_webp(riff + body, Bounds()).data == data


def test_a_gif_keeps_its_loop_and_no_other_extension() -> None:
    data = samples.animation("image/gif", loop=5, comment=samples.SECRET)
    at = data.index(b"!\xfe")
    foreign = b"!\xff\x0bXMP DataXMP\x05hello\0" + b"!\x01\x0c" + bytes(12) + b"\x04text\0"

    stripped = strip_gif(data[:at] + foreign + data[at:], Bounds()).data

    assert b"NETSCAPE2.0\x03\x01\x05\x00\x00" in stripped
    assert not [each for each in (b"hello", b"text", samples.SECRET.encode()) if each in stripped]


@pytest.mark.parametrize("frames", [1, 4])
def test_an_avif_loses_the_bytes_of_its_metadata(frames: int) -> None:
    options: dict[str, Any] = {"exif": samples.exif(1), "xmp": samples.xmp()}
    still = samples.image("image/avif", **options)
    data = still if frames == 1 else samples.animation("image/avif", frames, **options)
    assert data.count(samples.SECRET.encode()) >= 2

    stripped = strip_avif(data).data

    assert samples.SECRET.encode() not in stripped
    assert b"rdf+xml" not in stripped
    with Image.open(BytesIO(stripped)) as image:
        assert not {"exif", "xmp"} & image.info.keys()
        assert getattr(image, "n_frames", 1) == frames


def test_an_unknown_box_of_an_avif_is_blanked() -> None:
    data = samples.image("image/avif") + struct.pack(">I4s", 14, b"uuid") + b"hidden"

    stripped = strip_avif(data).data

    assert len(stripped) == len(data)
    assert stripped.endswith(b"\0\0\0\x0efree\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"II*\0", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"MM\0*\0\0\0\x08\0\1"]
)
def test_damaged_exif_means_upright(exif: bytes) -> None:
    assert orientation_of(exif) == 1


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_means_upright(value: int) -> None:
    exif = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 0x0112, 3, 1, value, 0)

    assert orientation_of(exif) == 1
