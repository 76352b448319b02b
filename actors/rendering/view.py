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
    Seen through a lattice of samples `step` pixels apart, columns counted from `margin` pixels left of the picture.
    """

    width: int
    height: int
    horizon: float
    margin: float = 0.0
    step: float = 1.0

    @property
    def unit(self) -> float:
        """Pixels per unit length."""
        short = min(self.width, self.height)
        return min(math.sqrt(self.width * self.height), short * MAX_STRETCH)

    @property
    def pixel(self) -> float:
        """Unit lengths per sample; a sample is a pixel where `step` is 1."""
        return self.step / self.unit

    @property
    def columns(self) -> int:
        """How many samples a row has, margins included."""
        return round((self.width + 2 * self.margin) / self.step)

    @property
    def outside(self) -> int:
        """How many samples of a row lie beyond each side of the picture."""
        return round(self.margin / self.step)

    @property
    def inside(self) -> int:
        """How many samples of a row lie in the picture."""
        return self.columns - 2 * self.outside

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
        return max(0.0, min(wanted, math.log2(self.unit / self.step / frequency / 2)))

    def coarser(self, times: float) -> "View":
        """The picture without margins on samples some `times` as far apart, a whole number of them in a row."""
        return replace(self, margin=0.0, step=self.width / max(1, round(self.inside / times)))

    def patch(self, column: int, row: int, width: int, height: int) -> "Patch":
        """The samples of one rectangle."""
        return self.window(column, width, row * self.step, self.step, height)

    def window(self, column: int, width: int, top: float, row_step: float, rows: int) -> "Patch":
        """Samples whose rows start `top` pixels below the picture's upper edge and lie `row_step` pixels apart."""
        altitude = self.top - (top + (np.arange(rows) + 0.5) * row_step) / self.unit
        return Patch(
            slice(column, column + width),
            self._x(np.arange(column, column + width))[None, :],
            altitude.astype(np.float32)[:, None],
            np.float32(self.pixel),
        )

    def all_columns(self) -> Array:
        """X of every column, shape (columns,)."""
        return self._x(np.arange(self.columns))

    def rows(self, top: float, row_step: float, rows: int) -> "Patch":
        """A window as wide as the picture."""
        return self.window(self.outside, self.inside, top, row_step, rows)

    def _x(self, columns: Array) -> Array:
        place = (columns + 0.5) * self.step - self.margin
        return ((place - self.width / 2) / self.unit).astype(np.float32)


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
