"""Colour arithmetic: linear light for mixing and glow, OkLab for gradients, dithered sRGB bytes at the end."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actors.rendering.noise import LATTICE, MASK, Array

Bytes = npt.NDArray[np.uint8]

SHOULDER = np.float32(0.72)  # linear light above this is rolled off, so that glow turns white without an edge
TABLE_SIZE = 4096
GRADIENT_STEPS = 512


def linear(hex_colour: str) -> Array:
    """`#rrggbb` as linear light, shape (3, 1, 1): planes broadcast faster than pixels of three."""
    srgb = np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    light = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004  # IEC 61966-2-1
    return light.astype(np.float32).reshape(3, 1, 1)


def mix(a: Array, b: Array, t: Array | float) -> Array:
    """A at t = 0, b at t = 1, both exactly: what is hidden may then be left unpainted without a trace."""
    t = np.asarray(t, np.float32)
    values: Array = a * (np.float32(1) - t) + b * t
    return values


def saturate(x: Array) -> Array:
    """x, or 0 where it is less, or 1 where it is more."""
    within: Array = np.minimum(np.maximum(x, np.float32(0)), np.float32(1))
    return within


def smoothstep(low: float, high: float, x: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between."""
    t = saturate((x - np.float32(low)) * np.float32(1 / (high - low)))
    values: Array = t * t * (np.float32(3) - np.float32(2) * t)
    return values


def falloff(squared: Array, radius: float) -> Array:
    """1 at distance zero, 1/4 at `radius`, then fading with the fourth power; takes the squared distance."""
    t = np.float32(1) / (np.float32(1) + squared * np.float32(1 / radius**2))
    return t * t


class Gradient:
    """Colours along [0, 1], interpolated in OkLab, where steps look even and middles stay clean."""

    def __init__(self, colours: Sequence[Array], places: Sequence[float] | None = None) -> None:
        stops = np.stack([_oklab(colour) for colour in colours])
        at = np.linspace(0, 1, len(colours)) if places is None else np.asarray(places)
        t = np.linspace(0, 1, GRADIENT_STEPS)
        lab = np.stack([np.interp(t, at, stops[:, i]) for i in range(3)])
        self._table: Array = _from_oklab(lab).astype(np.float32)

    def at(self, t: Array) -> Array:
        """Linear colours, shape (3, *t.shape); t beyond [0, 1] takes the end."""
        place = saturate(t) * np.float32(GRADIENT_STEPS - 1)
        index = np.minimum(place.astype(np.int32), GRADIENT_STEPS - 2)
        rest = place - index.astype(np.float32)
        values: Array = self._table[:, index] * (np.float32(1) - rest) + self._table[:, index + 1] * rest
        return values


def to_bytes(light: Array, grain: Array, column: int, row: int) -> Bytes:
    """Linear light (3, h, w) as sRGB bytes (h, w, 3); `grain` is a lattice of noise that breaks up banding."""
    dithered = levels(light) + dither(grain, column, row, *light.shape[1:])
    return np.ascontiguousarray(np.clip(dithered, 0, 255).astype(np.uint8).transpose(1, 2, 0))


def levels(light: Array) -> Array:
    """Linear light as sRGB levels from 0 to 255, not rounded; what is brighter than white is rolled off."""
    over = np.maximum(light - SHOULDER, np.float32(0)) * (1 / (1 - SHOULDER))
    toned = np.minimum(light, SHOULDER) + (1 - SHOULDER) * over / (1 + over)
    place = np.sqrt(saturate(toned)) * np.float32(TABLE_SIZE - 1)
    values: Array = _SRGB.take(place.astype(np.int32))
    return values


def dither(grain: Array, column: int, row: int, height: int, width: int) -> Array:
    """What to add to levels of a rectangle before their fraction is cut off, in [0, 1], shape (height, width)."""
    rows, columns = (np.arange(row, row + height) & MASK), (np.arange(column, column + width) & MASK)
    values: Array = grain.reshape(LATTICE, LATTICE)[rows[:, None], columns[None, :]] * np.float32(0.5)
    return values + np.float32(0.5)


def _srgb_table() -> Array:
    """SRGB levels 0 to 255 by the square root of linear light, which spends the entries where the eye is keen."""
    light = np.linspace(0, 1, TABLE_SIZE) ** 2
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)  # noqa: PLR2004  # IEC 61966-2-1
    return (srgb * 255).astype(np.float32)


_SRGB = _srgb_table()

# Björn Ottosson's OkLab (bottosson.github.io/posts/oklab).
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _oklab(colour: Array) -> npt.NDArray[np.float64]:
    return np.asarray(_TO_LAB @ np.cbrt(_TO_LMS @ colour.reshape(3).astype(np.float64)))


def _from_oklab(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lms = np.linalg.inv(_TO_LAB) @ lab
    return np.asarray(np.clip(np.linalg.inv(_TO_LMS) @ lms**3, 0, None))
