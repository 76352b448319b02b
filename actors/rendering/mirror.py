"""The water of a moving landscape, on coarse samples: the sky and the far shore as moving ripples mirror them."""

from collections.abc import Sequence

import numpy as np

from actors.rendering.camera import Camera, Group
from actors.rendering.colour import levels, mix
from actors.rendering.noise import Array
from actors.rendering.planes import yuv
from actors.rendering.plates import cut_out, shifted
from actors.rendering.scene import Landscape
from actors.rendering.veil import beams
from actors.rendering.view import Patch
from actors.rendering.water import Water

ROWS = 1.6  # for each row of the sky's samples: ripples are flat


class Mirror:
    """The water below row `shore` of the picture's pixels. `above` are the samples of the sky that it mirrors."""

    def __init__(
        self, landscape: Landscape, water: Water, camera: Camera, groups: Sequence[Group], above: Patch, shore: int
    ) -> None:
        view = landscape.view
        self._landscape, self._water, self._camera, self._above = landscape, water, camera, above
        wide = view.window(0, view.columns, 0, view.step, above.shape[0])
        self._layers = [(*_premultiplied(group, wide), group.nearness) for group in groups if not group.front]
        rows = max(1, round((view.height - shore) / view.step * ROWS))
        self.step = (view.height - shore) / rows
        self._patch = view.rows(shore, self.step, rows)
        self._shade = landscape.vignette(self._patch)

    def planes(self, sky: Array, time: float) -> Array:
        """Luma and chroma (3, h, w) of the water after `time` seconds, under a sky of these colours (3, h, w)."""
        mirrored, view = sky, self._landscape.view
        for colour, through, nearness in self._layers:
            shift = view.outside + self._camera.shift(time, nearness) / view.step
            mirrored = mirrored * shifted(through, shift, view.inside) + shifted(colour, shift, view.inside)
        mirrored = mirrored + beams(self._landscape, self._camera, self._above, time)
        light = self._water.paint(self._patch, lambda seen: self._look_up(mirrored, seen), time)
        return yuv(levels(light * self._shade))

    def _look_up(self, painted: Array, seen: Patch) -> Array:
        """The colours (3, h, w) of what was painted, at the altitudes that are seen."""
        view, width = self._landscape.view, self._landscape.view.inside
        row = (np.float32(view.top) - seen.altitude) * np.float32(1 / view.pixel) - np.float32(0.5)
        row = np.clip(row, np.float32(0), np.float32(painted.shape[1] - 1.001))
        upper = row.astype(np.int32)
        place = upper * np.int32(width) + np.arange(width, dtype=np.int32)
        flat = painted.reshape(3, -1)
        return mix(flat.take(place, 1), flat.take(place + np.int32(width), 1), row - upper.astype(np.float32))


def _premultiplied(group: Group, patch: Patch) -> tuple[Array, Array]:
    """The group's colour times cover (3, h, w), and what shows through (h, w)."""
    colour, through = cut_out(group.layers, patch)
    return colour * (np.float32(1) - through), through
