"""What stands before the sky, from far to near: ridges, dunes, snow, conifers; each a silhouette and its shading."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.colour import mix, saturate, smoothstep
from actors.rendering.noise import Array, Noise
from actors.rendering.view import Patch, View

SLOPE_SAMPLES_PER_UNIT = 256
SLOPE_SMOOTHING = 7  # samples; the finest roughness of a crest would draw streaks down the slope
SLOPE_MARGIN = 0.6  # how far beyond the frame a slope may be looked up, in units


class Layer(Protocol):
    """Something opaque below a crest."""

    @property
    def crest(self) -> Array:
        """The highest altitude at which each column of the picture is touched."""
        ...

    @property
    def solid(self) -> Array:
        """The altitude below which each column is covered wholly."""
        ...

    def paint(self, canvas: Array, patch: Patch) -> Array:
        """The canvas (3, h, w) with the layer over it."""
        ...


@dataclass(frozen=True, slots=True)
class Tone:
    """Colours of a layer, (3, 1, 1) each: `body` at the crest, `mist` at its feet, `lit` on slopes toward the sun."""

    body: Array
    mist: Array
    lit: Array
    mistiness: float
    depth: float


class Ridge:
    """A ridge whose crest is a function of x. `relief` from 0 to 1 is how much light and shade its slopes show."""

    def __init__(
        self,
        view: View,
        profile: Callable[[Array], Array],
        tone: Tone,
        noise: Noise,
        sun_side: float,
        relief: float = 0.0,
    ) -> None:
        self._tone, self._noise, self._sun_side, self._relief = tone, noise, np.float32(sun_side), relief
        x = view.all_columns()
        line = profile(x)
        steep = np.gradient(line.astype(np.float64), view.pixel).astype(np.float32) if view.width > 1 else line * 0
        self._line = line
        self._reach = np.sqrt(1 + steep * steep) * np.float32(view.pixel)
        self.crest: Array = line + self._reach
        self.solid: Array = line - self._reach
        self._slope = Slope(view, profile) if relief else None
        self._octaves = view.octaves(9.0, 4)

    def paint(self, canvas: Array, patch: Patch) -> Array:
        depth = self._line[patch.columns] - patch.altitude
        cover = saturate(depth / self._reach[patch.columns] + np.float32(0.5))
        return mix(canvas, self._colour(patch, np.maximum(depth, np.float32(0))), cover)

    def _colour(self, patch: Patch, depth: Array) -> Array:
        tone = self._tone
        colour = tone.body
        if self._slope:
            light = self._light(patch, depth, self._slope)
            colour = mix(tone.body, tone.lit, light * np.float32(self._relief))
        sunk = depth * np.float32(1 / tone.depth)
        return mix(colour, tone.mist, np.float32(tone.mistiness) * sunk / (sunk + np.float32(1)))

    def _light(self, patch: Patch, depth: Array, slope: "Slope") -> Array:
        """0 in shade, 1 in full light. Shade falls from each summit along a slanting line, broken by rough ground."""
        lean = depth * np.float32(0.55) * self._sun_side
        x, y = (patch.x + lean) * np.float32(6.5), (patch.altitude - depth * np.float32(0.3)) * np.float32(3.6)
        here = self._folds(x, y)
        beside = self._folds(x + np.float32(0.1) * self._sun_side, y + np.float32(0.05))
        across = slope.at(patch.x + lean * np.float32(0.7) + here * np.float32(0.09) * self._sun_side)
        return smoothstep(-0.7, 0.7, across * -self._sun_side + (here - beside) * np.float32(4.5))

    def _folds(self, x: Array, y: Array) -> Array:
        """Rock in folds with sharp edges, from 0 to 1: spurs that run down from the crest."""
        bend = self._noise.field(x * np.float32(0.6) + 19, y * np.float32(0.6))
        return np.abs(self._noise.fractal(x + bend * np.float32(0.8), y, self._octaves, 0.5))


class Slope:
    """The slope of a profile at any x near the picture, by table."""

    def __init__(self, view: View, profile: Callable[[Array], Array], samples: int = SLOPE_SAMPLES_PER_UNIT) -> None:
        smooth = np.ones(SLOPE_SMOOTHING) / SLOPE_SMOOTHING
        self._left = np.float32(-view.half_width - SLOPE_MARGIN)
        self._samples = np.float32(samples)
        x = np.arange(self._left, -self._left, 1 / samples).astype(np.float32)
        self._table = np.gradient(np.convolve(profile(x), smooth, "same"), 1 / samples).astype(np.float32)

    def at(self, x: Array) -> Array:
        place = np.clip((x - self._left) * self._samples, np.float32(0), np.float32(len(self._table) - 2))
        index = place.astype(np.int32)
        rest = place - index.astype(np.float32)
        values: Array = self._table.take(index) * (np.float32(1) - rest) + self._table.take(index + 1) * rest
        return values


class SnowyRidge(Ridge):
    """A ridge of rock with snow above a line, more of it where the ground is even."""

    def __init__(self, *args: object, snow: Array, shade: Array, line: float, **named: float) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]  # handed through as they are
        self._snow, self._shade, self._snow_line = snow, shade, np.float32(line)

    def _colour(self, patch: Patch, depth: Array) -> Array:
        tone = self._tone
        if self._slope is None:
            return super()._colour(patch, depth)
        light = self._light(patch, depth, self._slope)
        rough = self._noise.fractal(patch.x * 14 + 7, patch.altitude * 22 + 3, self._octaves)
        height = (
            patch.altitude - self._snow_line + rough * np.float32(0.12) + (light - np.float32(0.5)) * np.float32(0.03)
        )
        rock = mix(tone.body, tone.lit, light * np.float32(0.5))
        white = mix(self._shade, self._snow, light)
        colour = mix(rock, white, smoothstep(-0.02, 0.05, height))
        sunk = depth * np.float32(1 / tone.depth)
        return mix(colour, tone.mist, np.float32(tone.mistiness) * sunk / (sunk + np.float32(1)))


class Dunes(Ridge):
    """A dune: a sharp crest line with one side in light, one in shade, and wind ripples."""

    def _light(self, patch: Patch, depth: Array, slope: Slope) -> Array:
        bend = self._noise.field(patch.x * 2.2, patch.altitude * 5)
        across = slope.at(patch.x + depth * np.float32(0.9) * self._sun_side + bend * np.float32(0.03))
        face = smoothstep(-0.13, 0.09, across * -self._sun_side - depth * np.float32(0.12))
        ripple = np.sin((depth + bend * np.float32(0.025) + patch.x * np.float32(0.06)) * np.float32(230))
        fine = np.float32(min(1.0, 0.0022 / float(patch.pixel)))
        return saturate(face * np.float32(0.9) + ripple * np.float32(0.045) * fine + bend * np.float32(0.06))


class Conifers:
    """A stand of firs along a ridge: every tree a jagged cone, dense enough to close below."""

    def __init__(
        self, view: View, ground: Callable[[Array], Array], tone: Tone, chance: Chance, noise: Noise, height: float
    ) -> None:
        self._tone, self._pixel = tone, view.pixel
        x = view.all_columns()
        spacing = height * 0.3
        shift = chance.between(0, 500)
        cell = np.floor(x / np.float32(spacing) + np.float32(shift))
        self._ground = ground(x)
        self._trees = [self._tree(cell + step, spacing, shift, height, ground, noise) for step in (-2, -1, 0, 1, 2)]
        tallest = np.max([top for _, top, _ in self._trees], axis=0)
        self.crest: Array = np.maximum(tallest, self._ground) + np.float32(view.pixel)
        self.solid: Array = self._ground - np.float32(height * 0.05 + view.pixel)
        self._height = np.float32(height)

    @staticmethod
    def _tree(
        cell: Array, spacing: float, shift: float, height: float, ground: Callable[[Array], Array], noise: Noise
    ) -> tuple[Array, Array, Array]:
        """For every column: where the tree of its cell stands, its top, and how wide it grows per height."""
        offset, size, girth = (noise.line(cell * np.float32(7) + np.float32(part)) for part in (0, 2, 4))
        stand = (cell - np.float32(shift) + np.float32(0.5) + offset * np.float32(0.45)) * np.float32(spacing)
        top = ground(stand) + np.float32(height) * (np.float32(0.74) + size * np.float32(0.34))
        return stand, top, np.float32(0.17) + girth * np.float32(0.05)

    def paint(self, canvas: Array, patch: Patch) -> Array:
        depth = self._ground[patch.columns] - patch.altitude
        cover = saturate(depth / patch.pixel + np.float32(0.5))
        for stand, top, girth in self._trees:
            cover = np.maximum(cover, self._one(patch, stand[patch.columns], top[patch.columns], girth[patch.columns]))
        tone = self._tone
        sunk = np.maximum(depth + self._height * np.float32(0.75), np.float32(0)) * np.float32(1 / tone.depth)
        colour = mix(tone.body, tone.mist, np.float32(tone.mistiness) * sunk / (sunk + np.float32(1)))
        return mix(canvas, colour, cover)

    def _one(self, patch: Patch, stand: Array, top: Array, girth: Array) -> Array:
        """Branches hang in tiers: within a tier the outline goes outward, then steps back in."""
        down = np.maximum(top - patch.altitude, np.float32(0))
        tier = down / self._height * np.float32(11) + stand * np.float32(40)
        hang = tier - np.floor(tier)
        width = down * girth * (np.float32(0.62) + np.float32(0.5) * hang)
        values: Array = saturate((width - np.abs(patch.x - stand)) / patch.pixel + np.float32(0.5)) * (down > 0)
        return values
