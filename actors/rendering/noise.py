"""Smooth random fields: value noise and its fractal sums at any point, independent of how points are grouped."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

# Everything is float32. numpy's stubs hold that float32 * int is float64, so they can't be told.
Array = npt.NDArray[Any]

LATTICE = 256  # cells per axis before the field repeats
MASK = LATTICE - 1
LINE_MASK = LATTICE * LATTICE - 1
STACKED_POINTS = 2048
OCTAVE_SHIFT = 37.17  # moves each octave's lattice, so that their lines don't coincide
OCTAVE_HASTE = 1.3  # how much faster, in its cells, each octave drifts than the coarser one
GOLDEN_ANGLE = 2.399963


class Noise:
    """A seeded lattice of values in [-1, 1]. Coordinates count lattice cells; arrays broadcast."""

    def __init__(self, seed: int) -> None:
        # Raw output of PCG64 is the part of numpy's generators that is promised to stay the same (NEP 19).
        raw = np.random.PCG64(seed).random_raw(LATTICE * LATTICE)
        self.values: Array = ((raw >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - 1).astype(np.float32)
        self._step: Array = np.roll(self.values, -1) - self.values
        self._cells = _bilinear_coefficients(self.values.reshape(LATTICE, LATTICE))

    def line(self, x: Array) -> Array:
        """Noise along a line."""
        cell = np.floor(x)
        index = cell.astype(np.int32) & LINE_MASK
        values: Array = self.values.take(index) + self._step.take(index) * _ease(x - cell)
        return values

    def field(self, x: Array, y: Array) -> Array:
        """Noise in the plane; the shape is what x and y broadcast to."""
        column, row = np.floor(x), np.floor(y)
        index = (row.astype(np.int32) & MASK) * LATTICE + (column.astype(np.int32) & MASK)
        u, v = _ease(x - column), _ease(y - row)
        # One 16-byte item per point instead of four reads that are far apart: twice as fast.
        c = self._cells.take(index).view(np.float32).reshape(*index.shape, 4)
        across: Array = c[..., 0] + c[..., 1] * u
        values: Array = across + (c[..., 2] + c[..., 3] * u) * v
        return values

    def line_fractal(self, x: Array, octaves: float, gain: float = 0.5) -> Array:
        """A sum of `octaves` octaves along a line, within [-1, 1]; a fraction fades the last one in."""
        total: Array = np.zeros_like(x)
        for shift, weight, scale in _octaves(octaves, gain):
            total = total + self.line(x * scale + shift) * weight
        return total

    def fractal(self, x: Array, y: Array, octaves: float, gain: float = 0.5, time: float = 0.0) -> Array:
        """A sum of `octaves` octaves in the plane, within [-1, 1]; a fraction fades the last one in.

        With `time` each octave drifts a way of its own, about a cell in a unit of time: the sum changes its shape.
        """
        total: Array = np.zeros((), np.float32)
        parts = _octaves(octaves, gain)
        if time:
            for number, (shift, weight, scale) in enumerate(parts):
                dx, dy = _drift(number, time)
                total = total + self.field(x * scale + (shift + dx), y * scale + (shift + dy)) * weight
            return total
        if parts and np.broadcast(x, y).size <= STACKED_POINTS:
            # Few points cost less in one call than in several; each value comes of the same operations either way.
            shifts, weights, scales = (np.array(part, np.float32)[:, None, None] for part in zip(*parts, strict=True))
            for octave in self.field(x * scales + shifts, y * scales + shifts) * weights:
                total = total + octave
            return total
        for shift, weight, scale in parts:
            total = total + self.field(x * scale + shift, y * scale + shift) * weight
        return total


def _octaves(octaves: float, gain: float) -> list[tuple[np.float32, np.float32, np.float32]]:
    """Shift, weight and scale of each octave. A weight never depends on how many follow: pictures of any size agree."""
    count = int(np.ceil(octaves))
    whole = 1 / (1 - gain)
    return [
        (
            np.float32(OCTAVE_SHIFT * (i + 1)),
            np.float32(gain**i * min(1.0, octaves - i) / whole),
            np.float32(2**i),
        )
        for i in range(count)
    ]


def _drift(number: int, time: float) -> tuple[np.float32, np.float32]:
    """How far an octave has moved, in its own cells; each turned by the golden angle, so that no two go together."""
    angle, distance = number * GOLDEN_ANGLE, time * OCTAVE_HASTE**number
    return np.float32(math.cos(angle) * distance), np.float32(math.sin(angle) * distance)


def _ease(t: Array) -> Array:
    """0 to 1 with first and second derivatives zero at both ends."""
    values: Array = t * t * t * (t * (t * np.float32(6) - np.float32(15)) + np.float32(10))
    return values


def _bilinear_coefficients(values: Array) -> npt.NDArray[np.complex128]:
    """For each cell a, b, c, d of a + b·u + (c + d·u)·v, packed as one 16-byte item."""
    right, below = np.roll(values, -1, 1), np.roll(values, -1, 0)
    opposite = np.roll(below, -1, 1)
    cells = np.stack([values, right - values, below - values, opposite - below - right + values], axis=-1)
    return np.ascontiguousarray(cells, np.float32).view(np.complex128).reshape(-1)
