"""The northern lights: waving curtains of rays, sharp below, fading upward from green to violet."""

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.colour import Gradient, linear, smoothstep
from actors.rendering.noise import Array, Noise
from actors.rendering.view import Patch, View

CURTAINS = 3
RATES = (0.09, 0.05, 0.16)  # cells per second: of the folds, of the path along the ground, of bundles of rays
COLOURS = ("#c8ffd8", "#5dfba6", "#2fd69a", "#2a9fb0", "#5a58c8", "#8a3fae")


class Aurora:
    """A few curtains. Everything about a column is in tables, as rays are nearly upright."""

    def __init__(self, view: View, noise: Noise, chance: Chance) -> None:
        self._noise = noise
        self._colours = Gradient([linear(colour) for colour in COLOURS])
        self._x, self._room = view.all_columns(), np.float32(view.top)
        self._fine = view.octaves(26.0, 3)
        self._shifts = [np.float32(chance.between(0, 900)) for _ in range(CURTAINS)]
        self._still = self._curtains(0.0)

    def paint(self, canvas: Array, patch: Patch, time: float = 0.0) -> Array:
        """The canvas (3, h, w) with the light added, as it is after `time` seconds."""
        veil = self._noise.fractal(patch.x * 1.6 + 9, patch.altitude * 1.1, 2, time=time * 0.15)
        veil = veil * np.float32(0.25) + np.float32(0.85)
        for foot, height, strength in self._curtains(time) if time else self._still:
            up = (patch.altitude - foot[patch.columns]) / height[patch.columns]
            fall = np.float32(1) / (np.float32(1) + up * up * np.float32(5.5))
            light = smoothstep(-0.07, 0.1, up) * fall * fall * strength[patch.columns] * veil
            canvas = canvas + self._colours.at(up * np.float32(1.25)) * light
        return canvas + self._wash(patch)

    def _wash(self, patch: Patch) -> Array:
        """The air around shines a little, too."""
        height = (patch.altitude - np.float32(0.3)) * np.float32(2.6)
        values: Array = linear("#1f8f6a") * (np.float32(0.1) / (np.float32(1) + height * height))
        return values

    def _curtains(self, time: float) -> list[tuple[Array, Array, Array]]:
        return [self._curtain(number, time) for number in range(CURTAINS)]

    def _curtain(self, number: int, time: float) -> tuple[Array, Array, Array]:
        """For each column: the altitude of the lower edge, the rays' length, and how bright they are."""
        noise, x, shift, room = self._noise, self._x, self._shifts[number], self._room
        folding, walking, flowing = (np.float32(time * rate * (-1) ** number) for rate in RATES)
        fold = noise.line(x * 1.3 + shift + folding) * np.float32(0.6)
        path = noise.line_fractal((x + fold) * 1.15 + shift + walking, 2.5)
        foot = room * (np.float32(0.34 + 0.15 * number) + path * np.float32(0.26))
        rays = noise.line_fractal((x + fold * np.float32(0.5)) * 26 + shift + flowing * 3, self._fine, 0.62)
        bundles = noise.line_fractal((x + fold) * 3.1 + shift + 40 + flowing, 2)
        height = room * (np.float32(0.52) + bundles * np.float32(0.2) + rays * np.float32(0.2))
        strength = smoothstep(-0.55, 0.6, bundles) * (np.float32(0.62) + rays * np.float32(0.6))
        share = np.float32((1.25, 0.95, 0.7)[number])
        return foot, np.maximum(height, np.float32(0.05)), np.maximum(strength, np.float32(0.02)) * share
