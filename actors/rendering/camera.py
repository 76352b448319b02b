"""A camera that sways from side to side, and what of a landscape goes by as one: the nearer, the faster."""

import math
from dataclasses import dataclass

from actors.rendering.layers import Layer
from actors.rendering.scene import Landscape

REACH_UNITS = 0.06  # to either side, for what is nearest
SWAY_SECONDS = 20.0
ACROSS_WATER = 0.5  # how near the far shore is


def reach_of(unit: float) -> int:
    """How many pixels beyond either side of a picture a camera may see: an even number."""
    return 2 * math.ceil((REACH_UNITS * unit + 1) / 2)


@dataclass(frozen=True, slots=True)
class Camera:
    """`unit` is the picture's unit length in pixels; `side`, -1 or 1, is where the camera goes first."""

    unit: float
    side: float

    def shift(self, time: float, nearness: float) -> float:
        """How many pixels to the right of its place at 0 s the camera sees what is at `nearness` (0 to 1)."""
        return self.side * REACH_UNITS * self.unit * nearness * math.sin(math.tau * time / SWAY_SECONDS)


@dataclass(frozen=True, slots=True)
class Group:
    """Layers that go by as one, at a nearness from 0 to 1. `front` stands before the water."""

    layers: tuple[Layer, ...]
    nearness: float
    front: bool


def groups_of(landscape: Landscape) -> list[Group]:
    """The layers of a landscape from far to near. A lighthouse and its rocks stay together."""
    parts = landscape.parts
    alone = len(parts.above) - (2 if parts.lighthouse else 0)
    above = [*((layer,) for layer in parts.above[:alone]), *filter(None, [parts.above[alone:]])]
    nearest = ACROSS_WATER if parts.water else 1.0
    behind = [Group(layers, nearest * ((i + 1) / len(above)) ** 1.5, front=False) for i, layers in enumerate(above)]
    return [*behind, *(Group((layer,), 1.0, front=True) for layer in parts.front)]
