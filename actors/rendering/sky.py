"""The sky: its gradient, the sun or moon with its glow, stars, and clouds that drift with time (in seconds)."""

from dataclasses import dataclass

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.colour import Gradient, falloff, linear, mix, saturate, smoothstep
from actors.rendering.noise import LATTICE, MASK, Array, Noise
from actors.rendering.palettes import Palette
from actors.rendering.view import Patch, View

STAR_CELLS = 58.0  # per unit length
TWINKLE = 0.55  # of a star's light comes and goes
SUN_RADIUS = 0.028
MOON_RADIUS = 0.04
WIND_CALM, WIND_STORM = 0.035, 0.06  # in the clouds' plane, per second, and by how much more where they cover all
CLOUD_STIR = 0.05  # cells per second that a cloud's octaves drift apart
CLOUD_PLANE = 0.13  # lifts the plane of clouds, so that the horizon is not infinitely far
STAR_WHITE, STAR_HUE, MILKY_WAY = (
    np.array(planes, np.float32).reshape(3, 1, 1)
    for planes in ((1.0, 0.98, 0.96), (0.14, 0.0, -0.16), (0.055, 0.06, 0.085))
)


@dataclass(frozen=True, slots=True)
class Weather:
    """`cover` of clouds from 0 to 1; `stars` and `disc` (of the sun or moon) likewise."""

    cover: float
    stars: float
    disc: float


class Sky:
    """What is behind everything else."""

    def __init__(self, view: View, palette: Palette, weather: Weather, noise: Noise, chance: Chance) -> None:
        self._palette, self._weather, self._noise = palette, weather, noise
        self._gradient = Gradient([linear(colour) for colour in palette.sky], [0, 0.1, 0.26, 0.48, 0.74, 1])
        self._reach = np.float32(1 / (view.top * 1.04))
        self._sun, self._glow = linear(palette.sun), linear(palette.glow)
        self._cloud = (linear(palette.cloud_shade), linear(palette.cloud_lit))
        self.sun_x = chance.side() * chance.between(0.18, 0.5) * view.half_width
        self.sun_y = min(chance.between(*palette.sun_height), view.top * 0.72)
        self._shift = np.float32(chance.between(0, 200))
        self._octaves = view.octaves(3.0, 5)
        self._phase = chance.side() * chance.between(0.35, 2.2)
        # Against the sun's side, so that clouds come from where the light is.
        self._wind = (WIND_CALM + WIND_STORM * weather.cover**3) * (1 if self.sun_x > 0 else -1)
        self._band = (chance.side() * chance.between(0.5, 0.9), chance.between(0.25, 0.4))

    def paint(self, patch: Patch) -> Array:
        """Linear colours, shape (3, h, w), of the moment 0."""
        canvas = self.clear(patch)
        return mix(canvas, *self.clouds(patch)) if self._weather.cover else canvas

    def clear(self, patch: Patch, *, stars: bool = True) -> Array:
        """Linear colours, shape (3, h, w), of the sky without its clouds: nothing of that moves."""
        base = self._gradient.at(np.maximum(patch.altitude, np.float32(0)) * self._reach)
        canvas = np.broadcast_to(base, (3, *patch.shape))
        distance = self._from_sun(patch)
        if self._weather.stars:
            canvas = canvas + self._stars(patch, points=stars)
        canvas = canvas + self.glow(patch, distance)
        return self._disc(canvas, patch, distance) if self._weather.disc else canvas

    def glow(self, patch: Patch, distance: Array) -> Array:
        """The light that the air scatters around the sun: a wide flat veil and a bright core."""
        strength = self._palette.glow_strength * (0.5 + 0.5 * self._weather.disc)
        flat = (patch.x - np.float32(self.sun_x)) * np.float32(0.42)
        low = patch.altitude - np.float32(max(self.sun_y, 0.0))
        veil = falloff(flat * flat + low * low, 0.3) * np.float32(0.42 * strength)
        core = falloff(distance, 0.13) * np.float32(0.5 * strength)
        return self._glow * veil + self._sun * core

    def _from_sun(self, patch: Patch) -> Array:
        """The squared distance from the sun."""
        dx, dy = patch.x - np.float32(self.sun_x), patch.altitude - np.float32(self.sun_y)
        return dx * dx + dy * dy

    def _disc(self, canvas: Array, patch: Patch, distance: Array) -> Array:
        radius = MOON_RADIUS if self._palette.moon else SUN_RADIUS
        soft = patch.pixel if self._palette.moon else patch.pixel + np.float32(radius * 0.35)
        edge = saturate((np.float32(radius) - np.sqrt(distance)) / soft + np.float32(0.5))
        if not edge.any():
            return canvas
        light = self._sun
        if self._palette.moon:
            seas = self._noise.fractal(patch.x * 38, patch.altitude * 38, 3)
            dx = patch.x - np.float32(self.sun_x + MOON_RADIUS * self._phase)
            dy = patch.altitude - np.float32(self.sun_y + MOON_RADIUS * 0.25)
            shadow = smoothstep(0.8 * MOON_RADIUS, 1.25 * MOON_RADIUS, np.sqrt(dx * dx + dy * dy))
            light = self._sun * (np.float32(0.85) + np.float32(0.22) * seas)
            edge = edge * (np.float32(0.03) + np.float32(0.97) * shadow)
        return mix(canvas, light * np.float32(1.15), edge * np.float32(self._weather.disc))

    @property
    def cloudy(self) -> bool:
        return self._weather.cover > 0

    def twinkle(self, patch: Patch) -> tuple[Array, Array]:
        """When each pixel flickers, a phase in [-1, 1] that is a star's own, and how much: not where the disc is."""
        _, _, index = _star_cells(patch)
        off_disc = np.float32(TWINKLE) * (self._from_sun(patch) > np.float32((1.2 * MOON_RADIUS) ** 2))
        return self._noise.values.take(index ^ 0x6B39), off_disc

    def _stars(self, patch: Patch, *, points: bool) -> Array:
        """One star in every cell of a grid, few of them bright; more of them along a hazy band across the sky."""
        band = self._milky_way(patch)
        fade = smoothstep(0.0, 0.3, patch.altitude) * np.float32(self._weather.stars)
        haze = band * band * MILKY_WAY
        light: Array = (self._points(patch, band) + haze if points else haze) * fade
        return light

    def _points(self, patch: Patch, band: Array) -> Array:
        x, y, index = _star_cells(patch)
        values = self._noise.values
        right, up = values.take(index ^ 0x5A5A), values.take(index ^ 0x33C3)
        dx = x - np.float32(0.5) - right * np.float32(0.32)
        dy = y - np.float32(0.5) - up * np.float32(0.32)
        magnitude = np.maximum(values.take(index ^ 0x0F1E), np.float32(0))
        radius = max(0.045, 0.62 * float(patch.pixel) * STAR_CELLS)
        share = min(1.0, (0.06 / radius) ** 1.5)  # a star smaller than a pixel is fainter, not larger
        faint = magnitude * magnitude
        faint = faint * faint
        bright = faint * faint * (np.float32(1) + np.float32(2.5) * band)
        light: Array = falloff(dx * dx + dy * dy, radius) * bright * np.float32(2.2 * share)
        return (STAR_WHITE + right * STAR_HUE) * light

    def _milky_way(self, patch: Patch) -> Array:
        slope, height = self._band
        across = patch.altitude - np.float32(height) - patch.x * np.float32(slope)
        cloud = self._noise.fractal(patch.x * 5 + self._shift, patch.altitude * 5, min(self._octaves, 3))
        return falloff(across * across, 0.3) * saturate(np.float32(0.55) + cloud * np.float32(1.1))

    def clouds(self, patch: Patch, time: float = 0.0) -> tuple[Array, Array]:
        """A layer of cloud seen in perspective, lit from the sun's side, thinning out before the horizon.

        Its colour (3, h, w), and how much of the sky it covers (h, w).
        """
        distance = self._from_sun(patch)
        altitude = np.maximum(patch.altitude, np.float32(0))
        near = np.float32(1) / (altitude + np.float32(CLOUD_PLANE))
        x, y = patch.x * near * np.float32(0.9) + self._shift, near * np.float32(2.3)
        x, stir = x + np.float32(self._wind * time), time * CLOUD_STIR
        bend = self._noise.field(x * np.float32(0.7) + 31, y * np.float32(0.7))
        x, y = x + bend * np.float32(0.5), y + bend * np.float32(0.35)
        body = self._noise.fractal(x, y, self._octaves, time=stir)
        toward = np.float32(0.22 if self.sun_x > 0 else -0.22)
        shade = self._noise.fractal(x + toward, y - np.float32(0.16), min(self._octaves, 3), time=stir)
        low = 0.42 - 0.75 * self._weather.cover
        cover = smoothstep(low, low + 0.42, body) * smoothstep(0.015, 0.12, altitude)
        lit = saturate(np.float32(0.55) + (body - shade) * np.float32(1.5) - cover * np.float32(0.22))
        colour = mix(*self._cloud, lit)
        edge = falloff(distance, 0.3) * (np.float32(1) - cover) * np.float32(self._palette.glow_strength * 0.9)
        return colour + self._glow * edge, cover * np.float32(0.92)


def _star_cells(patch: Patch) -> tuple[Array, Array, Array]:
    """For each sample its place within its star's cell, across and up, and the index of the cell's noise."""
    x, y = patch.x * np.float32(STAR_CELLS), patch.altitude * np.float32(STAR_CELLS)
    column, row = np.floor(x), np.floor(y)
    index = (row.astype(np.int32) & MASK) * LATTICE + (column.astype(np.int32) & MASK)
    return x - column, y - row, index
