"""Coarse samples into many pixels: smooth interpolation as products of small matrices, some five times as fast as
resizing images of floats.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from actors.rendering.noise import Array

BLOCK = 32  # pixels that are interpolated by one product
REACH = 2  # samples to either side that count
CACHED_GRIDS = 64

Block = tuple[slice, slice, Array]


def resample(samples: Array, out: Array, bottom: float) -> None:
    """Fill `out` (height, width) with samples: all columns, and the rows from the upper edge to `bottom`."""
    rows, columns = samples.shape
    wide = np.empty((rows, out.shape[1]), np.float32)
    for pixels, near, weights in _blocks(columns, out.shape[1], columns):
        wide[:, pixels] = samples[:, near] @ weights.T
    for pixels, near, weights in _blocks(rows, len(out), bottom):
        np.matmul(weights, wide[near], out=out[pixels])


@lru_cache(CACHED_GRIDS)
def _blocks(samples: int, pixels: int, end: float) -> Sequence[Block]:
    """For each block of pixels: which, of which samples, and by which weights (pixels, samples) they are sums."""
    scale = end / max(pixels, 1)
    centres = (np.arange(pixels) + 0.5) * scale - 0.5
    blur = max(1.0, scale)  # where there are more samples than pixels, each pixel takes the mean of several
    blocks = []
    for first in range(0, pixels, BLOCK):
        places = centres[first : first + BLOCK]
        low = min(max(0, math.floor(places[0] - REACH * blur)), samples - 1)
        high = max(low + 1, min(samples, math.ceil(places[-1] + REACH * blur) + 1))
        weights = _cubic((np.arange(low, high) - places[:, None]) / blur)
        weights /= weights.sum(axis=1, keepdims=True)
        blocks.append((slice(first, first + len(places)), slice(low, high), weights.astype(np.float32)))
    return blocks


def _cubic(distance: Array) -> Array:
    """Keys' kernel with a = -1/2, which passes through the samples (Keys, 1981)."""
    x = np.abs(distance)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < REACH, far, 0.0))
