"""What pictures of nothing have in common: a ramp of colours, a plane to draw on, and a seed's choices."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.colour import Bytes, Gradient, linear, to_bytes
from actors.rendering.noise import Array, Noise
from actors.rendering.palettes import Palette
from actors.rendering.view import View

FOLDS = 4


@dataclass(frozen=True, slots=True)
class Fold:
    """One wave that bends the plane and runs through it, `rate` radians per second."""

    frequency: float
    angle: float
    phase: float
    strength: float
    rate: float


class AbstractPicture(ABC):
    """An abstract picture. Every kind draws the same choices, so that they share a seed's character."""

    def __init__(self, view: View, palette: Palette, noise: Noise, chance: Chance, *, detail: int) -> None:
        self.view, self.noise = view, noise
        ramp = [palette.near, palette.water, palette.sky[4], palette.sky[2], palette.haze, palette.sky[0], palette.glow]
        self._ramp = Gradient([linear(colour) for colour in ramp])
        self._sheen, self._deep = linear(palette.sun), linear(palette.near)
        self._octaves = view.octaves(2.0, detail + 1.0)
        self._shift = np.float32(chance.between(0, 200))
        self._folds = [_fold(chance, number) for number in range(FOLDS)]
        self._turn = chance.between(0, math.tau)
        self.petals = int(chance.between(9, 15))
        self._centre = (np.float32(chance.between(-0.06, 0.06)), np.float32(chance.between(-0.05, 0.05)))

    def tile(self, column: int, row: int, width: int, height: int) -> Bytes:
        """Bytes in sRGB (height, width, 3) of one rectangle."""
        patch = self.view.patch(column, row, width, height)
        return to_bytes(self.light(patch.x, patch.altitude), self.noise.values, column, row)

    @abstractmethod
    def light(self, x: Array, y: Array) -> Array:
        """Linear colours (3, h, w) at the points that x and y broadcast to, of the moment 0."""


def _fold(chance: Chance, number: int) -> Fold:
    frequency = 2.6 * 1.55**number * chance.between(0.85, 1.15)
    angle, phase = chance.between(0, math.tau), chance.between(0, math.tau)
    return Fold(frequency, angle, phase, 0.42 / (number + 1) ** 0.95, 0.34 * (-0.8) ** number)
