"""What is before everything else in a moving landscape, on coarse samples: mist that drifts, beams that turn."""

import math
from dataclasses import replace

import numpy as np

from actors.rendering.camera import ACROSS_WATER, Camera
from actors.rendering.colour import levels
from actors.rendering.noise import Array
from actors.rendering.planes import BLACK, LUMA_SPAN, Planes, yuv
from actors.rendering.scene import Landscape
from actors.rendering.view import Patch

COARSER = 2.0  # than the samples of the sky: mist and light are smoother
WHITE = np.float32(BLACK + LUMA_SPAN)


class Veil:
    """The mist and the beams of a coarse landscape, as levels to add and a share of what is behind to keep."""

    def __init__(self, landscape: Landscape, camera: Camera) -> None:
        self._landscape, self._camera = landscape, camera
        view = landscape.view.coarser(COARSER)
        rows = math.ceil(view.height / view.step)
        self._patch = view.rows(0, view.height / rows, rows)
        self._shade = landscape.vignette(self._patch)
        self._air = landscape.parts.fog_colour * self._shade
        self._mist = yuv(levels(self._air))

    def planes(self, time: float) -> tuple[Planes, Planes]:
        """What to keep of the picture behind, as shares, and what to add to that, `time` seconds in.

        The mist mixes with what is behind it. The light adds to what is as bright as the air, exactly, and to what is
        brighter the less, so that it stays below white.
        """
        view, parts = self._landscape.view, self._landscape.parts
        mist = self._landscape.fog(self._patch, time) if parts.fog else np.float32(0)
        light = beams(self._landscape, self._camera, self._patch, time) * self._shade
        bright = yuv(levels(self._air + light))
        lit = (bright[0] - self._mist[0]) / (WHITE - self._mist[0])
        keep = (np.float32(1) - mist) * (np.float32(1) - lit)
        added = bright - self._mist * keep
        size = view.width, view.height
        return Planes.enlarged(np.stack([keep, keep]), *size), Planes.enlarged(added, *size)


def veil_of(landscape: Landscape, camera: Camera) -> Veil | None:
    """The veil, where there is any."""
    return Veil(landscape, camera) if landscape.parts.fog or landscape.parts.lighthouse else None


def beams(landscape: Landscape, camera: Camera, patch: Patch, time: float) -> Array:
    """The light (3, h, w) that a lighthouse adds, seen from where the camera is; nothing where there is none."""
    lighthouse = landscape.parts.lighthouse
    if lighthouse is None:
        return np.zeros((3, *patch.shape), np.float32)
    moved = np.float32(camera.shift(time, ACROSS_WATER) / camera.unit)
    return lighthouse.turning(replace(patch, x=patch.x + moved), time)
