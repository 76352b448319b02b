"""A landscape: what the theme and the seed make of it, and how its parts are put over one another."""

from dataclasses import dataclass

import numpy as np

from actors.rendering.aurora import Aurora
from actors.rendering.colour import Bytes, mix, saturate, smoothstep, to_bytes
from actors.rendering.layers import Layer
from actors.rendering.lighthouse import Lighthouse
from actors.rendering.noise import Array, Noise
from actors.rendering.sky import Sky
from actors.rendering.view import Patch, View
from actors.rendering.water import Water

FOG_WIND, FOG_STIR = 0.05, 0.07  # cells per second


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a landscape. `above` stands behind the water and is mirrored in it, `front` before it."""

    sky: Sky
    above: tuple[Layer, ...]
    front: tuple[Layer, ...]
    aurora: Aurora | None
    water: Water | None
    lighthouse: Lighthouse | None
    fog: float
    fog_colour: Array


class Landscape:
    """A landscape that any rectangle of can be painted by itself."""

    def __init__(self, view: View, parts: Parts, noise: Noise) -> None:
        self.view, self.parts, self.noise = view, parts, noise

    def tile(self, column: int, row: int, width: int, height: int) -> Bytes:
        """Bytes in sRGB (height, width, 3) of one rectangle."""
        patch = self.view.patch(column, row, width, height)
        canvas = self._behind(patch)
        for layer in self.parts.front:
            canvas = _over(layer, canvas, patch)
        if self.parts.fog:
            canvas = mix(canvas, self.parts.fog_colour, self.fog(patch))
        if self.parts.lighthouse:
            canvas = canvas + self.parts.lighthouse.light(patch)
        return to_bytes(canvas * self.vignette(patch), self.noise.values, column, row)

    def _behind(self, patch: Patch) -> Array:
        """Everything but the front: the upper rows directly, those of the water by mirroring."""
        if _hidden(self.parts.front, patch):
            return np.zeros((3, *patch.shape), np.float32)
        water = self.parts.water
        if water is None:
            return self._above(patch)
        shore = int(np.count_nonzero(patch.altitude[:, 0] > 0))
        bands = []
        if shore:
            bands.append(self._above(patch.rows(slice(0, shore))))
        if shore < patch.shape[0]:
            bands.append(water.paint(patch.rows(slice(shore, None)), self._mirrored))
        return np.concatenate(bands, axis=1)

    def _mirrored(self, patch: Patch) -> Array:
        canvas = self._above(patch)
        return canvas + self.parts.lighthouse.light(patch) if self.parts.lighthouse else canvas

    def _above(self, patch: Patch) -> Array:
        """Sky and layers, leaving out what stands wholly behind a nearer layer."""
        layers = self.parts.above
        first = next((i for i in range(len(layers) - 1, -1, -1) if _hidden(layers[i : i + 1], patch)), None)
        if first is None:
            canvas = self.parts.sky.paint(patch)
            if self.parts.aurora:
                canvas = self.parts.aurora.paint(canvas, patch)
        else:
            canvas = np.zeros((3, *patch.shape), np.float32)
        for layer in layers[first or 0 :]:
            canvas = _over(layer, canvas, patch)
        return canvas

    def fog(self, patch: Patch, time: float = 0.0) -> Array:
        """How much mist is before each pixel: banks that lie low and drift, thicker in some places than in others."""
        drift = self.noise.fractal(patch.x * 1.4 + (5 + time * FOG_WIND), patch.altitude * 6, 3, time=time * FOG_STIR)
        low = np.maximum(patch.altitude + np.float32(0.1), np.float32(0)) * np.float32(3.2)
        deep = np.maximum(-patch.altitude, np.float32(0)) * np.float32(5.5)
        bank = saturate(np.float32(0.62) + drift * np.float32(0.9)) / (np.float32(1) + low * low + deep * deep)
        density: Array = bank * np.float32(self.parts.fog)
        return density

    def vignette(self, patch: Patch) -> Array:
        """Corners a little darker, which draws the eye inward."""
        x = patch.x * np.float32(1 / self.view.half_width)
        y = (patch.altitude - np.float32((self.view.top + self.view.bottom) / 2)) * np.float32(
            2 / (self.view.top - self.view.bottom)
        )
        return np.float32(1) - np.float32(0.16) * smoothstep(0.6, 2.0, x * x + y * y)


def _over(layer: Layer, canvas: Array, patch: Patch) -> Array:
    untouched = bool(patch.altitude.min() > layer.crest[patch.columns].max())
    return canvas if untouched else layer.paint(canvas, patch)


def _hidden(layers: tuple[Layer, ...], patch: Patch) -> bool:
    """Whether one of the layers covers every pixel of the patch."""
    highest = patch.altitude.max()
    return any(bool(highest < layer.solid[patch.columns].min()) for layer in layers)
