"""ThumbHash, decoded again by a decoder of the tests' own."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from actors.processing.thumbhash import thumbhash
from tests.unit.actors.processing import samples

Pixels = npt.NDArray[np.float64]


class Bits:
    """The nibbles of a hash, one after the other, as terms from -1 to 1."""

    def __init__(self, data: bytes) -> None:
        self._nibbles = iter([half for byte in data for half in (byte & 15, byte >> 4)])

    def plane(self, mean: float, scale: float, terms: tuple[int, int], size: tuple[int, int]) -> Pixels:
        """Sum of the cosines whose weights follow; the first is the mean."""
        (across, down), (width, height) = terms, size
        y, x = np.mgrid[0:height, 0:width] + 0.5
        total = np.full((height, width), mean)
        for v in range(down):
            for u in range(across):
                if u * down < across * (down - v) and (u or v):
                    weight = (next(self._nibbles) / 7.5 - 1) * scale
                    total += 2 * weight * _wave(u, x, width) * _wave(v, y, height)
        return total


def _wave(frequency: int, at: Pixels, length: int) -> Pixels:
    wave: Pixels = np.cos(math.pi * frequency * at / length)
    return wave


def decode(data: bytes) -> Pixels:
    """RGBA from 0 to 1 of about 32 pixels along the longer side."""
    head, more = int.from_bytes(data[:3], "little"), int.from_bytes(data[3:5], "little")
    has_alpha, is_landscape = bool(head >> 23), bool(more >> 15)
    longest, shortest = 5 if has_alpha else 7, max(3, more & 7)
    terms = (longest, shortest) if is_landscape else (shortest, longest)
    width, height = aspect(data)
    bits = Bits(data[6 if has_alpha else 5 :])
    luminance = bits.plane((head & 63) / 63, (head >> 18 & 31) / 31, terms, (width, height))
    p = bits.plane((head >> 6 & 63) / 31.5 - 1, (more >> 3 & 63) / 63, (3, 3), (width, height))
    q = bits.plane((head >> 12 & 63) / 31.5 - 1, (more >> 9 & 63) / 63, (3, 3), (width, height))
    alpha = np.ones((height, width))
    if has_alpha:
        alpha = bits.plane((data[5] & 15) / 15, (data[5] >> 4) / 15, (5, 5), (width, height))
    blue = luminance - 2 / 3 * p
    red = (3 * luminance - blue + q) / 2
    return np.clip(np.stack([red, red - q, blue, alpha], -1), 0, 1)


def aspect(data: bytes) -> tuple[int, int]:
    """The size that the hash stands for, its longer side 32."""
    more = int.from_bytes(data[3:5], "little")
    longest = 5 if data[2] & 0x80 else 7
    short = round(32 * (more & 7) / longest)
    return (32, short) if more >> 15 else (short, 32)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255), (90, 120, 40)])
def test_one_colour_comes_back(colour: tuple[int, int, int]) -> None:
    pixels = decode(thumbhash(Image.new("RGB", (40, 30), colour)))

    assert np.abs(pixels[..., :3] * 255 - colour).max() < 12
    assert (pixels[..., 3] == 1).all()


@pytest.mark.parametrize("size", [(80, 60), (60, 80), (300, 100), (100, 700), (50, 50)])
def test_a_picture_comes_back_blurred_and_in_shape(size: tuple[int, int]) -> None:
    picture = samples.picture(size)

    pixels = decode(thumbhash(picture))

    height, width = pixels.shape[:2]
    assert width / height == pytest.approx(size[0] / size[1], rel=0.3)
    blurred = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float64) / 255
    assert np.abs(pixels[..., :3] - blurred).mean() < 0.06


def test_what_is_transparent_comes_back_transparent() -> None:
    picture = samples.picture((80, 80)).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 40, 80))

    alpha = decode(thumbhash(picture))[..., 3]

    assert alpha[:, :8].mean() < 0.25
    assert alpha[:, -8:].mean() > 0.75


def test_a_picture_without_a_visible_pixel_has_a_hash() -> None:
    assert decode(thumbhash(Image.new("RGBA", (9, 9))))[..., 3].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3)])
def test_the_smallest_and_the_longest_pictures_have_a_hash(size: tuple[int, int]) -> None:
    assert 5 < len(thumbhash(Image.new("RGB", size, "teal"))) <= 25


def test_the_bits_are_where_the_format_puts_them() -> None:
    black = thumbhash(Image.new("RGB", (10, 10)))

    # Means: luminance 0, p and q at their middle (32 of 63); no scale, no alpha; 7 terms; every further term 0.5.
    assert int.from_bytes(black[:3], "little") == 32 << 6 | 32 << 12
    assert int.from_bytes(black[3:5], "little") == 7
    assert set(black[5:-1]) == {0x88}
