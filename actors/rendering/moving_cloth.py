"""Cloth in motion: painted anew for every frame on coarse samples, as it is smooth enough to be enlarged."""

import math
from collections.abc import Iterator

from actors.rendering.cloth import Cloth
from actors.rendering.colour import Bytes, levels
from actors.rendering.planes import Frame, Planes, grain_of, yuv


class MovingCloth:
    """`coarse` is a cloth on few samples."""

    def __init__(self, coarse: Cloth) -> None:
        view = coarse.view
        self._cloth, self._step, self._height = coarse, view.step, view.height
        self._patch = view.rows(0, view.step, math.ceil(view.height / view.step))
        self._planes = Planes.blank(view.width, view.height)
        self._grain = grain_of(coarse.noise.values, view.width)

    def prepare(self) -> Iterator[None]:
        """Nothing of it stands still."""
        yield

    def frame(self, time: float) -> Bytes:
        """The frame `time` seconds in, packed as YUV 4:2:0: luma and both chroma, shape (height * 3 / 2, width)."""
        light = self._cloth.moving_light(self._patch.x, self._patch.altitude, time)
        self._planes.fill(0, self._height, yuv(levels(light)), self._step)
        return Frame.of(self._planes, self._grain)
