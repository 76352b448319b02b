"""A landscape in motion: plates that go by as the camera sways, before a living backdrop and behind a veil."""

from collections.abc import Generator, Iterator

import numpy as np

from actors.rendering.backdrop import Backdrop
from actors.rendering.camera import Camera, groups_of
from actors.rendering.colour import Bytes
from actors.rendering.coverage import ends_of, shore_row
from actors.rendering.mirror import Mirror
from actors.rendering.noise import Array
from actors.rendering.planes import BAND_ROWS, Frame, Planes, grain_of
from actors.rendering.plates import Plate, make_plate
from actors.rendering.points import Points, find_points
from actors.rendering.scene import Landscape
from actors.rendering.veil import veil_of


class MovingLandscape:
    """`fine` is painted on every pixel and beyond as far as the camera reaches; `coarse` is the same on few samples."""

    def __init__(self, fine: Landscape, coarse: Landscape, camera: Camera) -> None:
        self._fine, self._camera = fine, camera
        self._width, self._height = fine.view.width, fine.view.height
        self._groups = groups_of(fine)
        end, *self._ends = ends_of(fine, self._groups)
        self._behind = Behind(coarse, camera, end, shore_row(fine))
        self._veil = veil_of(coarse, camera)
        self._plates: list[Plate] = []
        self._canvas = Planes.blank(self._width, self._height)
        self._grain = grain_of(fine.noise.values, self._width)

    def prepare(self) -> Iterator[None]:
        """Paint what stays as it is. Call it once, before the first frame; yields many times a second."""
        for group, end in zip(self._groups, self._ends, strict=True):
            plate = yield from make_plate(self._fine, group, end)
            if plate:
                self._plates.append(plate)
        yield from self._behind.prepare(self._fine, self._canvas)

    def frame(self, time: float) -> Bytes:
        """The frame `time` seconds in, packed as YUV 4:2:0: luma and both chroma, shape (height * 3 / 2, width)."""
        self._behind.paint(self._canvas, time)
        veil = self._veil.planes(time) if self._veil else None
        frame = Frame(self._width, self._height)
        for first in range(0, self._height, BAND_ROWS):
            end = min(first + BAND_ROWS, self._height)
            band = self._canvas.rows(first, end)
            self._lay_plates(band, first, end, time)
            if veil:
                _screen(band, *(planes.rows(first, end) for planes in veil))
            frame.put(first, band, self._grain)
        return frame.packed

    def _lay_plates(self, band: Planes, first: int, end: int, time: float) -> None:
        """Put the plates over a band, from the nearest of those that hide all that is behind."""
        hiding = [number for number, plate in enumerate(self._plates) if plate.hides(first, end)]
        for plate in self._plates[max(hiding, default=0) :]:
            plate.over(band, first, self._fine.view.margin + self._camera.shift(time, plate.nearness))


class Behind:
    """What is behind all plates: the sky down to row `end`, and the water from row `shore` on."""

    def __init__(self, coarse: Landscape, camera: Camera, end: int, shore: int) -> None:
        self._coarse, self._end, self._shore = coarse, end, shore
        self._backdrop = Backdrop(coarse, shore if coarse.parts.water else end)
        water, patch = coarse.parts.water, self._backdrop.patch
        self._mirror = Mirror(coarse, water, camera, groups_of(coarse), patch, shore) if water else None
        self._points: list[tuple[Points, Array]] = []

    def prepare(self, fine: Landscape, canvas: Planes) -> Generator[None, None, None]:
        """Find what the coarse samples of the sky lack. Uses the canvas."""
        self._fill_sky(canvas, self._backdrop.clear())
        width, view = fine.view.width, self._coarse.view
        luma, *chroma = yield from find_points(fine, canvas.rows(0, self._end + self._end % 2))
        self._points = [(luma, luma.samples(width, view.step, view.inside))]
        self._points += [(points, points.samples(width // 2, view.step / 2, view.inside)) for points in chroma]

    def paint(self, canvas: Planes, time: float) -> None:
        light, cover = self._backdrop.light(time)
        self._fill_sky(canvas, self._backdrop.shaded(light))
        for plane, (points, samples) in zip((canvas.luma, *canvas.chroma), self._points, strict=True):
            points.add(plane, time, 1.0 if cover is None else 1 - cover.take(samples))
        if self._mirror:
            canvas.fill(self._shore, len(canvas.luma), self._mirror.planes(light, time), self._mirror.step)

    def _fill_sky(self, canvas: Planes, samples: Array) -> None:
        canvas.fill(0, self._end, samples, self._coarse.view.step)


def _screen(band: Planes, kept: Planes, added: Planes) -> None:
    np.multiply(band.luma, kept.luma, out=band.luma)
    np.add(band.luma, added.luma, out=band.luma)
    np.multiply(band.chroma, kept.chroma, out=band.chroma)
    np.add(band.chroma, added.chroma, out=band.chroma)
