"""The picture plane: from pixels to unit lengths, the same composition at every size, and the patches of a tile."""

import math
from dataclasses import dataclass, replace

import numpy as np

from actors.rendering.noise import Array

MAX_STRETCH = 1.35  # how much longer than the short side the unit may be: keeps hills low in wide pictures


@dataclass(frozen=True, slots=True)
class View:
    """A picture, its sides in pixels. x runs right from the middle, altitude up from the horizon, both in units.

    The unit follows the geometric mean of the sides, so that what is seen keeps its proportions in any format.
    """

    width: int
    height: int
    horizon: float

    @property
    def unit(self) -> float:
        """Pixels per unit length."""
        short = min(self.width, self.height)
        return min(math.sqrt(self.width * self.height), short * MAX_STRETCH)

    @property
    def pixel(self) -> float:
        """Unit lengths per pixel."""
        return 1 / self.unit

    @property
    def half_width(self) -> float:
        return self.width / self.unit / 2

    @property
    def top(self) -> float:
        return self.height * self.horizon / self.unit

    @property
    def bottom(self) -> float:
        """The altitude of the lower edge: below zero."""
        return -self.height * (1 - self.horizon) / self.unit

    def octaves(self, frequency: float, wanted: float) -> float:
        """How many of the wanted octaves from `frequency` per unit on the pixels can show."""
        return max(0.0, min(wanted, math.log2(self.unit / frequency / 2)))

    def patch(self, column: int, row: int, width: int, height: int) -> "Patch":
        """The pixels of one rectangle."""
        columns = slice(column, column + width)
        x = (np.arange(column, column + width) + 0.5 - self.width / 2) / self.unit
        altitude = self.top - (np.arange(row, row + height) + 0.5) / self.unit
        return Patch(
            columns, x.astype(np.float32)[None, :], altitude.astype(np.float32)[:, None], np.float32(self.pixel)
        )

    def all_columns(self) -> Array:
        """X of every column, shape (width,)."""
        return ((np.arange(self.width) + 0.5 - self.width / 2) / self.unit).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Patch:
    """Some pixels: x of shape (1, w), altitude of shape (h, 1), or (h, w) where a reflection bends it."""

    columns: slice
    x: Array
    altitude: Array
    pixel: np.float32

    @property
    def shape(self) -> tuple[int, int]:
        return self.altitude.shape[0], self.x.shape[1]

    def seen_at(self, altitude: Array) -> "Patch":
        """The same columns looking at other altitudes."""
        return replace(self, altitude=altitude)

    def rows(self, rows: slice) -> "Patch":
        return replace(self, altitude=self.altitude[rows])
