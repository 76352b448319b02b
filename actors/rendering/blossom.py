"""A blossom: rings of petals around a centre, drawn in polar coordinates, that sway and breathe with time."""

import math

import numpy as np

from actors.rendering.abstract import AbstractPicture
from actors.rendering.colour import mix, saturate, smoothstep
from actors.rendering.noise import Array

RINGS = 9
SPIN, SWAY, BREATH = 0.025, 0.1, 0.035  # radians per second, radians, and a share of a ring's size
SWAY_RATE, BREATH_RATE = 0.55, 0.9  # radians per second
LATER = 0.5  # radians by which each ring follows the one outside it


SHADOW_END, SHADOW_MORE = np.float32(1.17), np.float32(0.013)  # where a ring ends, in its size, and by how much more
GAPS_FROM = np.float32(0.57)  # as far as petals close up; 0.58 by the outline


class Blossom(AbstractPicture):
    """Rings of petals from the outside in, each over the one before, on a soft ground."""

    def light(self, x: Array, y: Array) -> Array:
        radius, angle, wobble = self.polar(x, y)
        return self.painted(radius, angle, self.ground(radius, wobble))

    def polar(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """For each point its distance from the centre (never 0), its angle, and the unevenness in both."""
        dx, dy = x - self._centre[0], y - self._centre[1]
        wobble = self.noise.fractal(dx * 2 + self._shift, dy * 2, self._octaves)
        radius = np.sqrt(dx * dx + dy * dy) * (np.float32(1) + wobble * np.float32(0.1)) + np.float32(1e-6)
        return radius, np.arctan2(dy, dx) + wobble * np.float32(0.16), wobble

    def farthest(self) -> float:
        """How far from the centre the picture's farthest corner is, in units."""
        (x, y), view = self._centre, self.view
        return math.hypot(abs(float(x)) + view.half_width, abs(float(y)) + max(view.top, -view.bottom))

    def ground(self, radius: Array, wobble: Array | float = 0.0) -> Array:
        """Linear colours of what is behind the petals."""
        uneven = np.asarray(wobble, np.float32) * np.float32(0.1)
        return self._ramp.at(np.float32(0.12) + uneven + radius * np.float32(0.16))

    def painted(self, radius: Array, angle: Array, ground: Array, time: float = 0.0) -> Array:
        """The ground with the petals and the heart over it, at polar points, after `time` seconds."""
        shape = np.broadcast_shapes(radius.shape, angle.shape)
        canvas, angle = np.array(np.broadcast_to(ground, (3, *shape))), np.broadcast_to(angle, shape)
        nearest, farthest = radius.min(axis=1), radius.max(axis=1)
        for ring in range(RINGS):
            size, after = _size(ring, time), _size(ring + 1, time) if ring + 1 < RINGS else np.float32(0)
            # Beyond the petals' shadow nothing changes; where the next ring has no gaps, nothing of this one is seen.
            rows = _span((nearest < size * SHADOW_END + SHADOW_MORE) & (farthest > after * GAPS_FROM - self.view.pixel))
            turned = angle[rows] + self._turned(ring, time)
            canvas[:, rows] = self._ring(canvas[:, rows], radius[rows], turned, size, ring / (RINGS - 1))
        heart = smoothstep(-0.055, -0.01, -radius)
        return mix(canvas, self._sheen * np.float32(0.9), heart * np.float32(0.75))

    def _turned(self, ring: int, time: float) -> np.float32:
        """How far a ring is turned: petals show between those of the ring before them."""
        sway = SPIN * time + SWAY * (math.sin(SWAY_RATE * time - LATER * ring) + math.sin(LATER * ring))
        return np.float32(self._turn + ring * (math.pi / self.petals + 0.09) + sway)

    def _ring(self, canvas: Array, radius: Array, angle: Array, size: np.float32, inward: float) -> Array:
        around = angle * np.float32(self.petals / math.tau)
        within = (around - np.floor(around)) * np.float32(2) - np.float32(1)
        outline = size * (np.float32(1) - np.float32(0.3) * within * within * (np.float32(0.4) + np.abs(within)))
        soft = np.float32(1.2 * self.view.pixel)
        cover = saturate((outline - radius) / soft + np.float32(0.5))
        rise = saturate(radius / size)
        vein = np.abs(within)
        tone = self._ramp.at(np.float32(0.3 + 0.42 * inward) + rise * np.float32(0.34) - vein * np.float32(0.12))
        dark = smoothstep(0.25, 1.0, rise) * (np.float32(1) - vein * vein * np.float32(0.65))
        petal = tone * (np.float32(0.32) + np.float32(0.72) * dark)
        shadow = saturate(np.float32(1) - (radius - outline) / (size * np.float32(0.16) + np.float32(0.012)))
        canvas = canvas * (np.float32(1) - shadow * shadow * np.float32(0.45))
        return mix(canvas, petal, cover)


def _size(ring: int, time: float) -> np.float32:
    """The radius of a ring's petals: a wave of breath runs from the outside in."""
    breath = BREATH * (math.sin(BREATH_RATE * time - LATER * ring) + math.sin(LATER * ring))
    return np.float32((0.47 * (1 - ring / (RINGS - 1)) ** 1.15 + 0.06) * (1 + breath))


def _span(rows: Array) -> slice:
    """From the first to the last True."""
    places = np.flatnonzero(rows)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)
