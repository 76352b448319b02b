"""ThumbHash: a picture's blurred likeness in about 25 bytes, after the description at evanw.github.io/thumbhash.

The picture is split into luminance, two colour differences and alpha; of each the lowest frequencies of a cosine
transform are kept, four bits each, in this order:

    24 bits  mean luminance 6, mean p 6, mean q 6, luminance scale 5, has alpha 1
    16 bits  luminance terms along the shorter side 3, p scale 6, q scale 6, is landscape 1
     8 bits  mean alpha 4, alpha scale 4 (only with alpha)
     4 bits  for each further term of luminance, p, q, alpha; the lower half of a byte first
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float64]

LONGEST = 100


def thumbhash(image: Image.Image) -> bytes:
    """The hash of an RGB or RGBA picture, which is scaled to at most 100 pixels a side."""
    small = image.convert("RGBA")
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float64) / 255
    luminance, p, q, alpha = _planes(pixels)
    has_alpha = bool((alpha < 1).any())
    height, width = alpha.shape
    across, down = _terms(width, height, 5 if has_alpha else 7)
    planes = [_transform(luminance, max(3, across), max(3, down)), _transform(p, 3, 3), _transform(q, 3, 3)]
    header = _header(planes, down if width > height else across, is_landscape=width > height, has_alpha=has_alpha)
    if has_alpha:
        planes.append(_transform(alpha, 5, 5))
        header += bytes([_level(planes[3][0], 15) | _level(planes[3][1], 15) << 4])
    return header + _nibbles(np.concatenate([terms for _, _, terms in planes]))


def _planes(pixels: Plane) -> tuple[Plane, Plane, Plane, Plane]:
    """Luminance, yellow minus blue, red minus green, and alpha, over the mean colour where it is transparent."""
    alpha = pixels[..., 3]
    weight = alpha.sum()
    mean = (pixels[..., :3] * alpha[..., None]).sum((0, 1)) / weight if weight else np.zeros(3)
    red, green, blue = np.moveaxis(mean * (1 - alpha[..., None]) + pixels[..., :3] * alpha[..., None], 2, 0)
    return (red + green + blue) / 3, (red + green) / 2 - blue, red - green, alpha


def _terms(width: int, height: int, most: int) -> tuple[int, int]:
    """How many terms luminance gets along each side: `most` along the longer, in proportion along the other."""
    longer = max(width, height)
    return max(1, _rounded(most * width / longer)), max(1, _rounded(most * height / longer))


def _transform(plane: Plane, across: int, down: int) -> tuple[float, float, Plane]:
    """Mean, largest further term, and the further terms scaled by it to 0 … 1, of a triangle of frequencies."""
    height, width = plane.shape
    rows = np.cos(np.pi / height * np.outer(np.arange(down), np.arange(height) + 0.5))
    columns = np.cos(np.pi / width * np.outer(np.arange(across), np.arange(width) + 0.5))
    every = rows @ plane @ columns.T / (width * height)
    kept = [every[y, x] for y in range(down) for x in range(across) if x * down < across * (down - y)]
    terms = np.array(kept[1:])
    scale = float(np.abs(terms).max())
    return float(kept[0]), scale, 0.5 + 0.5 / scale * terms if scale else terms + 0.5


def _header(planes: list[tuple[float, float, Plane]], terms: int, *, is_landscape: bool, has_alpha: bool) -> bytes:
    (luminance, luminance_scale, _), (p, p_scale, _), (q, q_scale, _) = planes
    means = _level(luminance, 63) | _level(0.5 + p / 2, 63) << 6 | _level(0.5 + q / 2, 63) << 12
    first = means | _level(luminance_scale, 31) << 18 | has_alpha << 23
    second = terms | _level(p_scale, 63) << 3 | _level(q_scale, 63) << 9 | is_landscape << 15
    return first.to_bytes(3, "little") + second.to_bytes(2, "little")


def _nibbles(terms: Plane) -> bytes:
    levels = [_level(term, 15) for term in terms]
    levels += [0] * (len(levels) % 2)
    return bytes(low | high << 4 for low, high in zip(levels[::2], levels[1::2], strict=True))


def _level(value: float, most: int) -> int:
    """0 … 1 as a whole number from 0 to `most`."""
    return min(most, max(0, _rounded(value * most)))


def _rounded(value: float) -> int:
    """Halves go up, as in the JavaScript of the reference, not to even."""
    return int(np.floor(value + 0.5))
