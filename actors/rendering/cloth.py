"""Folded silk and drifting colour fields: the flow of a warped plane, lit from above."""

import math

import numpy as np

from actors.rendering.abstract import AbstractPicture
from actors.rendering.colour import mix, saturate
from actors.rendering.noise import Array

DEPTH = 0.085  # how high the folds stand
LIGHT_STEP = 0.006  # how far apart, in units, heights are compared to find which way the cloth faces
DRIFT_RATE = 0.12  # cells per second that the octaves of the plane's drift move apart


class Cloth(AbstractPicture):
    """A lit height field: colour from where the plane was bent to, light from the slope of the folds."""

    def light(self, x: Array, y: Array) -> Array:
        height, hue = self._flow(x, y)
        across, _ = self._flow(x + np.float32(LIGHT_STEP), y)
        along, _ = self._flow(x, y + np.float32(LIGHT_STEP))
        step = np.float32(DEPTH / LIGHT_STEP)
        return self._lit(height, hue, (height - across) * step, (height - along) * step)

    def moving_light(self, x: Array, y: Array, time: float) -> Array:
        """The same after `time` seconds, for a lattice of points that are equally far apart along both axes.

        Slopes are taken from neighbours, which costs a third of `light`; it fits points some 0.002 to 0.01 apart.
        """
        height, hue = self._flow(x, y, time)
        along, across = np.gradient(height, y[:, 0], x[0])
        return self._lit(height, hue, across * np.float32(-DEPTH), along * np.float32(-DEPTH))

    def _flow(self, x: Array, y: Array, time: float = 0.0) -> tuple[Array, Array]:
        """The height of the folds and a slow hue, both about [-1, 1]."""
        place = (x * 0.8 + self._shift, y * 0.8 + self._shift)
        drift = self.noise.fractal(*place, min(self._octaves, 2), time=time * DRIFT_RATE)
        u, v = x + drift * np.float32(0.35), y - drift * np.float32(0.3)
        for fold in self._folds:
            c, s = np.float32(math.cos(fold.angle)), np.float32(math.sin(fold.angle))
            phase = np.float32(fold.phase + fold.rate * time)
            wave = np.sin((u * c + v * s) * np.float32(fold.frequency) + phase)
            u, v = u - wave * s * np.float32(fold.strength), v + wave * c * np.float32(fold.strength)
        height = np.sin(u * np.float32(9.5) + v * np.float32(6.0))
        return height, np.sin(u * np.float32(3.3) - v * np.float32(2.4) + drift * np.float32(2))

    def _lit(self, height: Array, hue: Array, dx: Array, dy: Array) -> Array:
        """Linear colours of cloth that falls by dx to the right and by dy upward."""
        facing = np.float32(1) / np.sqrt(dx * dx + dy * dy + np.float32(1))
        diffuse = saturate((np.float32(0.62) + dx * np.float32(-0.42) + dy * np.float32(-0.52)) * facing)
        colour = self._ramp.at(np.float32(0.5) + np.float32(0.36) * hue + np.float32(0.2) * height)
        gloss = saturate((np.float32(0.8) - dx * np.float32(0.38) - dy * np.float32(0.46)) * facing)
        gloss = gloss * gloss
        gloss = gloss * gloss
        gloss = gloss * gloss
        shaded = mix(self._deep * np.float32(0.7), colour, np.float32(0.12) + np.float32(0.98) * diffuse)
        return shaded + self._sheen * (gloss * gloss * np.float32(0.5))
