"""Which rows of a landscape what stands there covers, so that nothing hidden is painted or laid over."""

import math
from collections.abc import Sequence

import numpy as np

from actors.rendering.camera import Group
from actors.rendering.layers import Layer
from actors.rendering.scene import Landscape

LEAST_SKY = 2  # rows: there is a sky, even where none of it is seen


def shore_row(landscape: Landscape) -> int:
    """The first row of the water, or the end of the picture."""
    view = landscape.view
    return math.ceil(view.height * view.horizon - 0.5) if landscape.parts.water else view.height


def first_row(landscape: Landscape, layers: Sequence[Layer]) -> int:
    """The first row that one of the layers touches."""
    return max(_row_of(landscape, max(float(layer.crest.max()) for layer in layers)), 0)


def solid_row(landscape: Landscape, layers: Sequence[Layer]) -> int:
    """The first row in which the layers cover every column; beyond the picture if there is none."""
    solid = np.max([layer.solid for layer in layers], axis=0).min()
    return max(_row_of(landscape, float(solid)) + 1, 0)


def ends_of(landscape: Landscape, groups: Sequence[Group]) -> list[int]:
    """The row at which the sky, and then each group from far to near, is hidden by what is nearer or by the water."""
    shore, height = shore_row(landscape), landscape.view.height
    solid = [solid_row(landscape, group.layers) for group in groups]
    limits = [shore, *(height if group.front else shore for group in groups)]
    ends = [min([limit, *solid[number:]]) for number, limit in enumerate(limits)]
    return [max(ends[0], LEAST_SKY), *ends[1:]]


def _row_of(landscape: Landscape, altitude: float) -> int:
    view = landscape.view
    return math.floor((view.top - altitude) * view.unit)
