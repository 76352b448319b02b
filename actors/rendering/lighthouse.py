"""A lighthouse: its tower as a layer, its lamp and turning beams as light."""

import math

import numpy as np

from actors.rendering.colour import falloff, linear, mix, saturate, smoothstep
from actors.rendering.noise import Array
from actors.rendering.view import Patch, View

# Parts from the foot up, as shares of the tower's height: (from, to, half width below, half width above).
TOWER = (0.0, 0.76, 0.098, 0.064)
GALLERY = (0.76, 0.795, 0.104, 0.104)
LANTERN = (0.795, 0.885, 0.05, 0.05)
DOME = (0.885, 0.965, 0.066, 0.012)
ROD = (0.965, 1.0, 0.006, 0.006)
BANDS = 5
LAMP_AT = 0.84
TURN_SECONDS = 8


class Lighthouse:
    """A tower `height` units high whose foot is at (x, foot)."""

    def __init__(
        self,
        view: View,
        *,
        x: float,
        foot: float,
        height: float,
        dark: Array,
        pale: Array,
        sun_side: float,
        lamp: float,
    ) -> None:
        self._x, self._foot, self._height = np.float32(x), np.float32(foot), np.float32(height)
        self._dark, self._pale, self._sun_side = dark, pale, np.float32(sun_side)
        self._lamp_y = np.float32(foot + height * LAMP_AT)
        self._strength = lamp
        self._light = linear("#ffe9b0")
        self._red = linear("#a8322a")
        columns = view.all_columns()
        near = np.abs(columns - self._x) < np.float32(0.11 * height + view.pixel)
        self.crest: Array = np.where(near, np.float32(foot + height + view.pixel), np.float32(-9))
        self.solid: Array = np.full_like(self.crest, -9)

    def paint(self, canvas: Array, patch: Patch) -> Array:
        dx = (patch.x - self._x) / self._height
        up = (patch.altitude - self._foot) / self._height
        pixel = patch.pixel / self._height
        for part in (TOWER, GALLERY, DOME, ROD):
            canvas = mix(canvas, self._wall(dx, up, part), _part(dx, up, part, pixel))
        lamp = mix(self._pale, self._light * np.float32(1.5), self._strength)
        post = _part(dx, up, (LANTERN[0], LANTERN[1], 0.006, 0.006), pixel)
        canvas = mix(canvas, lamp, _part(dx, up, LANTERN, pixel))
        return mix(canvas, self._dark, post * np.float32(0.5))

    def turning(self, patch: Patch, time: float) -> Array:
        """Like `light`, with the two beams of a lens that turns: long when seen from aside, a flash when head-on."""
        dx, dy = patch.x - self._x, patch.altitude - self._lamp_y
        squared = dx * dx + dy * dy
        angle = self._sun_side * math.tau * (time / TURN_SECONDS - 0.08)
        aside, ahead = abs(math.cos(angle)), abs(math.sin(angle))
        far = np.abs(dx) * np.float32(1 / max(aside, 0.02))
        across = (dy - far * np.float32(0.07 * aside)) / (np.float32(0.008) + far * np.float32(0.085))
        toward = np.float32(0.5 + 0.5 * math.sin(angle)) * np.sign(dx * np.float32(math.cos(angle)))
        beam = falloff(across * across, 1.0) * (np.float32(0.4) + np.float32(0.24) * toward)
        beam = beam / (np.float32(1) + far * np.float32(1.9)) * smoothstep(0.0, 0.03, far)
        glow = self._glow(squared) * np.float32(1 + 0.7 * ahead**6)
        values: Array = self._light * ((glow + beam * np.float32(1 - ahead**4)) * np.float32(self._strength))
        return values

    def light(self, patch: Patch) -> Array:
        """What the lamp adds to the air in front of everything: a glow, and a beam to either side."""
        dx, dy = patch.x - self._x, patch.altitude - self._lamp_y
        glow = self._glow(dx * dx + dy * dy)
        far = np.abs(dx)
        away = smoothstep(-0.004, 0.02, dx * -self._sun_side)
        across = (dy - far * np.float32(0.07)) / (np.float32(0.008) + far * np.float32(0.085))
        beam = falloff(across * across, 1.0) * (np.float32(0.12) + np.float32(0.6) * away)
        beam = beam / (np.float32(1) + far * np.float32(1.9))
        values: Array = self._light * ((glow + beam * smoothstep(0.0, 0.03, far)) * np.float32(self._strength))
        return values

    @staticmethod
    def _glow(squared: Array) -> Array:
        return falloff(squared, 0.05) * np.float32(0.8) + falloff(squared, 0.2) * np.float32(0.16)

    def _wall(self, dx: Array, up: Array, part: tuple[float, float, float, float]) -> Array:
        """Round masonry: pale and red bands by day, nearly black against a bright sky, one edge catching the light."""
        half = _half_width(up, part)
        turn = np.clip(dx / half * self._sun_side, -1, 1)
        if part is not TOWER:
            return mix(self._dark, self._pale, smoothstep(0.2, 1.4, turn) * np.float32(0.5))
        band = np.sin(up * np.float32(np.pi * BANDS / TOWER[1]))
        paint = mix(self._pale, self._red * np.maximum(self._pale, np.float32(0.2)), smoothstep(-0.1, 0.1, band))
        return mix(self._dark, paint, np.float32(0.12) + np.float32(0.88) * smoothstep(-0.9, 1.1, turn))


def _half_width(up: Array, part: tuple[float, float, float, float]) -> Array:
    start, end, below, above = part
    t = saturate((up - np.float32(start)) * np.float32(1 / (end - start)))
    return np.float32(below) + np.float32(above - below) * t


def _part(dx: Array, up: Array, part: tuple[float, float, float, float], pixel: np.float32) -> Array:
    """How much of each pixel the part covers."""
    start, end = np.float32(part[0]), np.float32(part[1])
    wide = saturate((_half_width(up, part) - np.abs(dx)) / pixel + np.float32(0.5))
    # The lower edge overlaps the part below it by a pixel, so that no seam shines through.
    high = saturate((end - up) / pixel + np.float32(0.5)) * saturate((up - start) / pixel + np.float32(1.5))
    values: Array = wide * high
    return values
