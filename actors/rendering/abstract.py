"""Pictures of nothing: folded silk, drifting colour fields, and blossoms, as flows of a warped plane."""

import math
from dataclasses import dataclass

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.colour import Gradient, linear, mix, saturate, smoothstep, to_bytes
from actors.rendering.noise import Array, Noise
from actors.rendering.palettes import Palette
from actors.rendering.view import View

FOLDS = 4
PETAL_RINGS = 9
LIGHT_STEP = 0.006  # how far apart, in units, heights are compared to find which way the cloth faces


@dataclass(frozen=True, slots=True)
class Fold:
    """One wave that bends the plane."""

    frequency: float
    angle: float
    phase: float
    strength: float


class AbstractPicture:
    """An abstract picture; `bloom` puts a blossom in its middle."""

    def __init__(self, view: View, palette: Palette, noise: Noise, chance: Chance, *, detail: int, bloom: bool) -> None:
        self._view, self._noise, self._bloom = view, noise, bloom
        ramp = [palette.near, palette.water, palette.sky[4], palette.sky[2], palette.haze, palette.sky[0], palette.glow]
        self._ramp = Gradient([linear(colour) for colour in ramp])
        self._sheen, self._deep = linear(palette.sun), linear(palette.near)
        self._octaves = view.octaves(2.0, detail + 1.0)
        self._shift = np.float32(chance.between(0, 200))
        self._folds = [self._fold(chance, number) for number in range(FOLDS)]
        self._turn = chance.between(0, math.tau)
        self._petals = int(chance.between(9, 15))
        self._centre = (chance.between(-0.06, 0.06), chance.between(-0.05, 0.05))

    def tile(self, column: int, row: int, width: int, height: int) -> "np.typing.NDArray[np.uint8]":
        """Bytes in sRGB (height, width, 3) of one rectangle."""
        patch = self._view.patch(column, row, width, height)
        light = self._blossom(patch.x, patch.altitude) if self._bloom else self._cloth(patch.x, patch.altitude)
        return to_bytes(light, self._noise.values, column, row)

    @staticmethod
    def _fold(chance: Chance, number: int) -> Fold:
        frequency = 2.6 * 1.55**number * chance.between(0.85, 1.15)
        return Fold(frequency, chance.between(0, math.tau), chance.between(0, math.tau), 0.42 / (number + 1) ** 0.95)

    def _cloth(self, x: Array, y: Array) -> Array:
        """A lit height field: colour from where the plane was bent to, light from the slope of the folds."""
        height, hue = self._flow(x, y)
        across, _ = self._flow(x + np.float32(LIGHT_STEP), y)
        along, _ = self._flow(x, y + np.float32(LIGHT_STEP))
        step = np.float32(0.085 / LIGHT_STEP)
        dx, dy = (height - across) * step, (height - along) * step
        facing = np.float32(1) / np.sqrt(dx * dx + dy * dy + np.float32(1))
        diffuse = saturate((np.float32(0.62) + dx * np.float32(-0.42) + dy * np.float32(-0.52)) * facing)
        colour = self._ramp.at(np.float32(0.5) + np.float32(0.36) * hue + np.float32(0.2) * height)
        gloss = saturate((np.float32(0.8) - dx * np.float32(0.38) - dy * np.float32(0.46)) * facing)
        gloss = gloss * gloss
        gloss = gloss * gloss
        gloss = gloss * gloss
        shaded = mix(self._deep * np.float32(0.7), colour, np.float32(0.12) + np.float32(0.98) * diffuse)
        return shaded + self._sheen * (gloss * gloss * np.float32(0.5))

    def _flow(self, x: Array, y: Array) -> tuple[Array, Array]:
        """The height of the folds and a slow hue, both about [-1, 1]."""
        drift = self._noise.fractal(x * 0.8 + self._shift, y * 0.8 + self._shift, min(self._octaves, 2))
        u, v = x + drift * np.float32(0.35), y - drift * np.float32(0.3)
        for fold in self._folds:
            c, s = np.float32(math.cos(fold.angle)), np.float32(math.sin(fold.angle))
            wave = np.sin((u * c + v * s) * np.float32(fold.frequency) + np.float32(fold.phase))
            u, v = u - wave * s * np.float32(fold.strength), v + wave * c * np.float32(fold.strength)
        height = np.sin(u * np.float32(9.5) + v * np.float32(6.0))
        return height, np.sin(u * np.float32(3.3) - v * np.float32(2.4) + drift * np.float32(2))

    def _blossom(self, x: Array, y: Array) -> Array:
        """Rings of petals from the outside in, each over the one before, on a soft ground."""
        dx, dy = x - np.float32(self._centre[0]), y - np.float32(self._centre[1])
        wobble = self._noise.fractal(dx * 2 + self._shift, dy * 2, self._octaves)
        radius = np.sqrt(dx * dx + dy * dy) * (np.float32(1) + wobble * np.float32(0.1)) + np.float32(1e-6)
        angle = np.arctan2(dy, dx) + wobble * np.float32(0.16)
        canvas = self._ramp.at(np.float32(0.12) + wobble * np.float32(0.1) + radius * np.float32(0.16))
        for ring in range(PETAL_RINGS):
            canvas = self._ring(canvas, radius, angle, ring)
        heart = smoothstep(-0.055, -0.01, -radius)
        return mix(canvas, self._sheen * np.float32(0.9), heart * np.float32(0.75))

    def _ring(self, canvas: Array, radius: Array, angle: Array, ring: int) -> Array:
        inward = ring / (PETAL_RINGS - 1)
        size = np.float32(0.47 * (1 - inward) ** 1.15 + 0.06)
        if radius.min() > size * np.float32(1.2) + np.float32(0.02):
            return canvas  # beyond the petals and the shadow they cast
        turn = np.float32(self._turn + ring * (math.pi / self._petals + 0.09))  # petals show between those before them
        around = (angle + turn) * np.float32(self._petals / math.tau)
        within = (around - np.floor(around)) * np.float32(2) - np.float32(1)
        outline = size * (np.float32(1) - np.float32(0.3) * within * within * (np.float32(0.4) + np.abs(within)))
        soft = np.float32(1.2 * self._view.pixel)
        cover = saturate((outline - radius) / soft + np.float32(0.5))
        rise = saturate(radius / size)
        vein = np.abs(within)
        tone = self._ramp.at(np.float32(0.3 + 0.42 * inward) + rise * np.float32(0.34) - vein * np.float32(0.12))
        dark = smoothstep(0.25, 1.0, rise) * (np.float32(1) - vein * vein * np.float32(0.65))
        petal = tone * (np.float32(0.32) + np.float32(0.72) * dark)
        shadow = saturate(np.float32(1) - (radius - outline) / (size * np.float32(0.16) + np.float32(0.012)))
        canvas = canvas * (np.float32(1) - shadow * shadow * np.float32(0.45))
        return mix(canvas, petal, cover)
