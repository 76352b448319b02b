"""What of the clear sky is too fine for a coarse lattice: stars that twinkle, the rim of the sun or the moon."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from actors.rendering.colour import levels
from actors.rendering.noise import Array
from actors.rendering.planes import BAND_ROWS, Planes, halved, yuv
from actors.rendering.scene import Landscape

SEEN_LEVELS = 1.5  # a smaller difference goes under in the grain
TWINKLE_RATE = 2.6  # radians per second, and half as much again for a star in the middle of all phases


@dataclass(frozen=True, slots=True)
class Points:
    """Samples of one plane, by their place in it, that are `level` off: so much that `share` of it flickers."""

    place: Array
    level: Array
    phase: Array
    share: Array

    def add(self, plane: Array, time: float, clear: Array | float) -> None:
        """Add them to a plane (h, w), contiguous; `clear` is how much of each no cloud covers."""
        rate = np.float32(TWINKLE_RATE) * (np.float32(1) + self.phase * np.float32(0.5))
        flicker = np.sin(rate * np.float32(time) + self.phase * np.float32(40)) * self.share
        level = self.level * (np.float32(1) + flicker)
        plane.reshape(-1)[self.place] += level * clear

    def samples(self, width: int, step: float, columns: int) -> Array:
        """Their places, now in a plane `width` wide, on samples `step` pixels apart, `columns` of them in a row."""
        row, column = self.place // width, self.place % width
        coarse: Array = ((row + 0.5) / step).astype(np.int64) * columns + ((column + 0.5) / step).astype(np.int64)
        return coarse


def find_points(landscape: Landscape, clear: Planes) -> Generator[None, None, tuple[Points, ...]]:
    """What `clear`, the upper rows of a picture of the sky from coarse samples, lacks: points of luma and of chroma.

    Yields between bands.
    """
    found: list[list[Points]] = []
    for row in range(0, clear.height, BAND_ROWS):
        band = clear.rows(row, min(row + BAND_ROWS, clear.height))
        found.append(_points_of_band(landscape, band, row))
        yield
    return tuple(_joined(points) for points in zip(*found, strict=True))


def _points_of_band(landscape: Landscape, band: Planes, row: int) -> list[Points]:
    view, sky = landscape.view, landscape.parts.sky
    patch = view.rows(row, 1.0, band.height)
    luma, *chroma = yuv(levels(sky.clear(patch) * landscape.vignette(patch)))
    phase, share = sky.twinkle(patch)
    half = (phase[::2, ::2], share[::2, ::2])
    return [
        _different(luma - band.luma, phase, share, row),
        *(_different(halved(values) - band.chroma[i], *half, row // 2) for i, values in enumerate(chroma)),
    ]


def _different(difference: Array, phase: Array, share: Array, row: int) -> Points:
    rows, columns = np.nonzero(np.abs(difference) > SEEN_LEVELS)
    place = (rows + row) * difference.shape[1] + columns
    return Points(place, difference[rows, columns], phase[rows, columns], share[rows, columns])


def _joined(points: Sequence[Points]) -> Points:
    return Points(
        *(np.concatenate([getattr(p, name) for p in points]) for name in ("place", "level", "phase", "share"))
    )
