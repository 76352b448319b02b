"""A blossom in motion: a sector with one petal of each ring per frame, and a map from pixels to their place in it."""

import math
from collections.abc import Iterator

import numpy as np

from actors.rendering.blossom import Blossom
from actors.rendering.colour import Bytes, levels
from actors.rendering.noise import Array
from actors.rendering.planes import BAND_ROWS, Frame, Planes, grain_of, yuv

CIRCLE_PIXELS = 1.0  # from one circle of the sector to the next
SPOKE_PIXELS = 1.25  # from one spoke to the next, where petals are widest
WIDEST_UNITS = 0.45
MAX_PLACES = 220_000  # in the sector; of large pictures it has fewer
MIN_SPOKES = 96
UNEVEN = 1.1  # how much farther from the centre a point may count than it is


class MovingBlossom:
    """All petals of a ring are alike, so that one of each is enough to know them all."""

    def __init__(self, blossom: Blossom) -> None:
        self._blossom, self._view, self._sector = blossom, blossom.view, math.tau / blossom.petals
        reach = blossom.farthest() * UNEVEN
        spokes, circles = WIDEST_UNITS * self._sector / SPOKE_PIXELS, reach / CIRCLE_PIXELS  # per pixel of a unit
        sharpness = min(self._view.unit, math.sqrt(MAX_PLACES / (spokes * circles)))
        self._spokes, self._circles = max(MIN_SPOKES, round(spokes * sharpness)), round(circles * sharpness)
        self._distance = reach / self._circles
        self._radius = _centres(self._circles, self._distance)[:, None]
        self._angle = _centres(self._spokes, self._sector / self._spokes)[None, :]
        self._map = np.empty((self._view.height, self._view.width), np.int32)
        self._rest = np.empty(self._map.shape, np.float32)
        self._planes = Planes.blank(self._view.width, self._view.height)
        self._grain = grain_of(blossom.noise.values, self._view.width)

    def prepare(self) -> Iterator[None]:
        """Draw the map. Call it once, before the first frame; yields many times a second."""
        view = self._view
        for row in range(0, view.height, BAND_ROWS):
            rows = slice(row, min(row + BAND_ROWS, view.height))
            patch = view.rows(row, 1.0, rows.stop - row)
            radius, angle, _ = self._blossom.polar(patch.x, patch.altitude)
            self._map[rows], self._rest[rows] = self._places(radius, angle)
            yield
        self._half_map = np.ascontiguousarray(self._map[::2, ::2])

    def frame(self, time: float) -> Bytes:
        """The frame `time` seconds in, packed as YUV 4:2:0: luma and both chroma, shape (height * 3 / 2, width)."""
        light = self._blossom.painted(self._radius, self._angle, self._blossom.ground(self._radius), time)
        luma, *chroma = yuv(levels(light))
        outward = np.zeros_like(luma)
        outward[:-1] = luma[1:] - luma[:-1]
        self._planes.luma[...] = self._rest
        self._planes.luma[...] *= outward.take(self._map)
        self._planes.luma[...] += luma.take(self._map)
        for plane, values in zip(self._planes.chroma, chroma, strict=True):
            plane[...] = values.take(self._half_map)
        return Frame.of(self._planes, self._grain)

    def _places(self, radius: Array, angle: Array) -> tuple[Array, Array]:
        """Where in the flattened sector each point is found, and how far it is on the way to the next circle."""
        place = np.maximum(radius * np.float32(1 / self._distance) - np.float32(0.5), np.float32(0))
        circle = np.minimum(place.astype(np.int32), self._circles - 1)
        turns = angle * np.float32(1 / self._sector)
        spoke = ((turns - np.floor(turns)) * np.float32(self._spokes)).astype(np.int32)
        return circle * self._spokes + np.minimum(spoke, self._spokes - 1), place - circle


def _centres(count: int, distance: float) -> Array:
    return ((np.arange(count) + 0.5) * distance).astype(np.float32)
