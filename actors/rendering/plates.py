"""Layers painted once, as plates: colour and what shows through, wide enough for the camera to move along them."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from actors.rendering.camera import Group
from actors.rendering.colour import levels, saturate
from actors.rendering.coverage import first_row, solid_row
from actors.rendering.layers import Layer
from actors.rendering.noise import Array
from actors.rendering.planes import BAND_ROWS, Planes, halved, yuv
from actors.rendering.scene import Landscape
from actors.rendering.view import Patch

FAINT = np.float32(1e-3)


@dataclass(frozen=True, slots=True)
class Plate:
    """Rows of a picture from `first` on. `luma` holds (colour times cover, what shows through), `chroma` the same
    with two colours; in rows from `solid` to before `end` nothing shows through.
    """

    first: int
    solid: int
    end: int
    nearness: float
    luma: Array
    chroma: Array

    def hides(self, first: int, end: int) -> bool:
        """Whether nothing behind the plate is seen in these rows."""
        return self.solid <= first and end <= self.end

    def over(self, band: Planes, first: int, shift: float) -> None:
        """Put the plate over the rows that start at `first`, seen from `shift` pixels right of its left edge."""
        start, end = max(first, self.first), min(first + band.height, self.first + self.luma.shape[1])
        if start >= end:
            return
        seen, rows = band.rows(start - first, end - first), slice(start - self.first, end - self.first)
        half, opaque = slice(rows.start // 2, rows.stop // 2), self.hides(start, end)
        _lay(seen.luma[None], self.luma[:, rows], shift, opaque=opaque)
        _lay(seen.chroma, self.chroma[:, half], shift / 2, opaque=opaque)


def _lay(below: Array, plate: Array, shift: float, *, opaque: bool) -> None:
    """Replace `below` (n, h, w) by the plate (n colours and what shows through, h, w + margins) over it."""
    if opaque:
        below[...] = shifted(plate[:-1], shift, below.shape[-1])
        return
    moved = shifted(plate, shift, below.shape[-1])
    below *= moved[-1]
    below += moved[:-1]


def shifted(values: Array, shift: float, width: int) -> Array:
    """`width` columns that start `shift` columns in, between the samples where it is no whole number."""
    whole = math.floor(shift)
    left = values[..., whole : whole + width]
    if whole == shift:
        return left
    between = values[..., whole + 1 : whole + 1 + width] - left
    between *= np.float32(shift - whole)
    between += left
    return between


def make_plate(landscape: Landscape, group: Group, end: int) -> Generator[None, None, Plate | None]:
    """Paint a group as a plate down to row `end`, yielding between bands. None when nothing of it is seen."""
    layers = group.layers
    first, solid = first_row(landscape, layers) // 2 * 2, solid_row(landscape, layers)
    if first >= end:
        return None
    rows = end - first + (end - first) % 2
    columns = landscape.view.columns
    luma, chroma = np.empty((2, rows, columns), np.float32), np.empty((3, rows // 2, columns // 2), np.float32)
    for row in range(first, first + rows, BAND_ROWS):
        patch = landscape.view.patch(0, row, columns, min(BAND_ROWS, first + rows - row))
        colour, through = cut_out(layers, patch, opaque=row >= solid)
        through[max(end - row, 0) :] = 1  # the water's edge, in the middle of a pair of rows
        painted = yuv(levels(colour * landscape.vignette(patch))) * (1 - through)
        here = slice(row - first, row - first + len(through))
        luma[0, here], luma[1, here] = painted[0], through
        chroma[:, here.start // 2 : here.stop // 2] = halved(np.stack([painted[1], painted[2], through]))
        yield
    return Plate(first, solid, end, group.nearness, luma, chroma)


def cut_out(layers: Sequence[Layer], patch: Patch, *, opaque: bool = False) -> tuple[Array, Array]:
    """The layers' own colour (3, h, w), and the share (h, w) of what is behind them that shows through.

    Layers mix their colour with what they are given, so painting over black and over white tells both apart.
    """
    black = np.zeros((3, *patch.shape), np.float32)
    for layer in layers:
        black = layer.paint(black, patch)
    if opaque:
        return black, np.zeros(patch.shape, np.float32)
    white = np.ones((3, *patch.shape), np.float32)
    for layer in layers:
        white = layer.paint(white, patch)
    through = saturate(white[0] - black[0])
    return black / np.maximum(1 - through, FAINT), through
