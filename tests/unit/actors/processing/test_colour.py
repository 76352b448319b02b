"""Any kind of picture as a small one in sRGB."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from actors.processing.colour import shrunk
from tests.unit.actors.processing import samples


def colour_of(image: Image.Image) -> tuple[int, ...]:
    return tuple(int(each) for each in np.asarray(image)[image.height // 2, image.width // 2])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb_with_its_alpha_and_its_shape(mode: str) -> None:
    image = shrunk(samples.picture((200, 100), mode), 50)

    assert image.size == (50, 25)
    assert image.mode == ("RGBA" if "A" in mode else "RGB")


def test_a_small_picture_is_not_enlarged() -> None:
    assert shrunk(samples.picture((30, 20)), 512).size == (30, 20)


@pytest.mark.parametrize("size", [(10_000, 3), (3, 10_000)])
def test_a_long_strip_keeps_a_pixel_of_width(size: tuple[int, int]) -> None:
    assert min(shrunk(Image.new("RGB", size), 512).size) == 1


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    deep = Image.fromarray(np.full((60, 80), 0x8000, np.uint16))

    assert colour_of(shrunk(deep, 40)) == (128, 128, 128)


def test_a_palette_with_a_transparent_colour_gets_alpha() -> None:
    palette = samples.picture(mode="P")
    palette.info["transparency"] = palette.getpixel((0, 0))

    image = shrunk(palette, 80)

    assert np.asarray(image)[0, 0, 3] == 0
    assert np.asarray(image)[-1, -1, 3] == 255


def test_a_colour_key_gets_alpha() -> None:
    data = samples.image("image/png", Image.new("RGB", (8, 8), "red"), transparency=(255, 0, 0))

    with Image.open(BytesIO(data)) as image:
        assert colour_of(shrunk(image, 8))[3] == 0


def test_cyan_magenta_yellow_and_black_of_a_jpeg_are_not_inverted() -> None:
    data = samples.image("image/jpeg", Image.new("CMYK", (16, 16), (255, 0, 0, 0)))

    with Image.open(BytesIO(data)) as image:
        red, green, blue = colour_of(shrunk(image, 16))
    assert red < 60
    assert min(green, blue) > 150


def test_colours_are_converted_by_the_profile() -> None:
    image = Image.new("RGB", (8, 8), (200, 100, 50))
    image.info["icc_profile"] = _gamma_one_profile()

    # Linear light becomes brighter when it is written in sRGB's curve.
    assert colour_of(shrunk(image, 8)) > (220, 160, 110)


@pytest.mark.parametrize("profile", [b"", b"no profile", bytes(200)])
def test_a_profile_that_cannot_be_used_is_ignored(profile: bytes) -> None:
    image = Image.new("RGB", (8, 8), (200, 100, 50))
    image.info["icc_profile"] = profile

    assert colour_of(shrunk(image, 8)) == (200, 100, 50)


def test_a_profile_for_another_kind_of_picture_is_ignored() -> None:
    image = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    image.info["icc_profile"] = samples.display_profile()

    assert colour_of(shrunk(image, 8)) == (255, 255, 255)


def _gamma_one_profile() -> bytes:
    """SRGB's profile with its three curves replaced by straight ones (ICC.1:2022 §10.18)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = profile.index(b"para")
    profile[at : at + 16] = b"para\0\0\0\0\0\0\0\0\0\1\0\0"
    return bytes(profile)
