"""From a request to its picture in motion: on how few samples what moves is painted, and by which renderer."""

import math
from collections.abc import Iterator
from typing import Protocol

from actors.rendering.blossom import Blossom
from actors.rendering.camera import Camera, reach_of
from actors.rendering.cloth import Cloth
from actors.rendering.colour import Bytes
from actors.rendering.compose import Request, Sampling, compose
from actors.rendering.moving_blossom import MovingBlossom
from actors.rendering.moving_cloth import MovingCloth
from actors.rendering.moving_landscape import MovingLandscape
from actors.rendering.scene import Landscape
from actors.rendering.view import View

SOFT_STEP = 2.0  # pixels: finer, what is painted anew for every frame would look no better
FEW_SAMPLES, MAX_SAMPLES = 20_000, 110_000  # a picture of fewer is painted finer, of more coarser than that


class MovingPicture(Protocol):
    """A picture at any moment. The same request gives the same frames, whichever are asked for and in which order."""

    def prepare(self) -> Iterator[None]:
        """Paint what stays as it is. Call it once, before the first frame; yields many times a second."""
        ...

    def frame(self, time: float) -> Bytes:
        """The frame `time` seconds in, packed as YUV 4:2:0: luma and both chroma, shape (height * 3 / 2, width)."""
        ...


def set_in_motion(request: Request) -> MovingPicture:
    """The moving picture of a request, whose sides must be even."""
    unit = View(request.width, request.height, horizon=0.5).unit
    step, reach = step_of(request.width, request.height), reach_of(unit)
    fine = compose(request, Sampling(margin=reach))
    coarse = compose(request, Sampling(margin=(math.ceil(reach / step) + 1) * step, step=step))
    match fine, coarse:
        case Landscape(), Landscape():
            return MovingLandscape(fine, coarse, Camera(unit, side=1.0 if fine.parts.sky.sun_x > 0 else -1.0))
        case Blossom(), _:
            return MovingBlossom(fine)
        case _, Cloth():
            return MovingCloth(coarse)
    raise TypeError(f"nothing sets a {type(fine).__name__} in motion")


def step_of(width: int, height: int) -> float:
    """How many pixels apart samples lie, a whole number of them across the picture."""
    most, few = (math.sqrt(width * height / samples) for samples in (MAX_SAMPLES, FEW_SAMPLES))
    step = max(1.0, most, min(SOFT_STEP, few))
    return width / math.floor(width / step)
