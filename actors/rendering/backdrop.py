"""The sky of a moving landscape, on coarse samples: what of it stays, the clouds that drift, the lights that wave."""

import math

from actors.rendering.colour import levels, mix
from actors.rendering.noise import Array
from actors.rendering.planes import yuv
from actors.rendering.scene import Landscape


class Backdrop:
    """The sky of a coarse landscape down to `end`, a row of the picture's pixels. Time is in seconds."""

    def __init__(self, landscape: Landscape, end: int) -> None:
        self._parts = landscape.parts
        view = landscape.view
        self.patch = view.rows(0, view.step, math.ceil(end / view.step) + 1)
        self._shade = landscape.vignette(self.patch)
        self._clear = self._parts.sky.clear(self.patch, stars=False)

    def clear(self) -> Array:
        """Luma and chroma (3, h, w) of the sky without clouds and stars."""
        return self.shaded(self._clear)

    def light(self, time: float) -> tuple[Array, Array | None]:
        """Linear colours (3, h, w) of the sky, and how much of it (h, w) clouds cover; None where there are none."""
        canvas, cover, parts = self._clear, None, self._parts
        if parts.sky.cloudy:
            colour, cover = parts.sky.clouds(self.patch, time)
            canvas = mix(canvas, colour, cover)
        return parts.aurora.paint(canvas, self.patch, time) if parts.aurora else canvas, cover

    def shaded(self, light: Array) -> Array:
        """Luma and chroma (3, h, w) of such colours."""
        return yuv(levels(light * self._shade))
