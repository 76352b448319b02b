"""Pictures as video holds them: luma, and two planes of chroma at half the size (BT.709, limited range)."""

from dataclasses import dataclass

import numpy as np

from actors.rendering.colour import Bytes, dither
from actors.rendering.noise import LATTICE, Array
from actors.rendering.resampling import resample

BLACK, LUMA_SPAN, CHROMA_SPAN = 16.0, 219.0, 224.0  # ITU-R BT.709, 8 bits
CHROMA_ZERO = 128.0
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722
BAND_ROWS = 32  # are worked on at once: they stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Planes:
    """Levels not yet rounded: luma (h, w) from 16 to 235, chroma (2, h/2, w/2) around zero."""

    luma: Array
    chroma: Array

    @classmethod
    def blank(cls, width: int, height: int) -> "Planes":
        """Planes to be filled; the sides must be even."""
        return cls(np.zeros((height, width), np.float32), np.zeros((2, height // 2, width // 2), np.float32))

    @classmethod
    def enlarged(cls, samples: Array, width: int, height: int) -> "Planes":
        """Planes of coarse samples (n, h, w): the first for luma, the others for chroma."""
        luma = np.empty((height, width), np.float32)
        chroma = np.empty((len(samples) - 1, height // 2, width // 2), np.float32)
        for plane, low in zip([luma, *chroma], samples, strict=True):
            resample(low, plane, len(low))
        return cls(luma, chroma)

    @property
    def height(self) -> int:
        return len(self.luma)

    def rows(self, first: int, end: int) -> "Planes":
        """The planes of some rows, both bounds even; a view."""
        return Planes(self.luma[first:end], self.chroma[:, first // 2 : end // 2])

    def fill(self, first: int, end: int, low: Array, step: float) -> None:
        """Fill rows, any bounds, with coarse samples of luma and chroma (3, h, w) whose rows lie `step` rows apart.

        A row of chroma that spans a bound is filled, too.
        """
        start, stop, most = first // 2, -(-end // 2), low.shape[1]
        resample(low[0], self.luma[first:end], min((end - first) / step, most))
        for plane, samples in zip(self.chroma, low[1:], strict=True):
            resample(samples, plane[start:stop], min((2 * stop - first) / step, most))


def yuv(levels: Array) -> Array:
    """SRGB levels from 0 to 255 as luma and both chroma, shape (3, h, w) each way."""
    red, green, blue = levels
    luma = red * np.float32(RED) + green * np.float32(GREEN) + blue * np.float32(BLUE)
    values = np.empty_like(levels)
    values[0] = luma * np.float32(LUMA_SPAN / 255) + np.float32(BLACK)
    values[1] = (blue - luma) * np.float32(CHROMA_SPAN / 255 / (2 - 2 * BLUE))
    values[2] = (red - luma) * np.float32(CHROMA_SPAN / 255 / (2 - 2 * RED))
    return values


def halved(values: Array) -> Array:
    """Means of two by two neighbours; the last two sides must be even."""
    pairs = values[..., ::2] + values[..., 1::2]
    means: Array = (pairs[..., ::2, :] + pairs[..., 1::2, :]) * np.float32(0.25)
    return means


class Frame:
    """One frame in 8 bits, filled band by band: `packed` is luma and both chroma, shape (height * 3 / 2, width)."""

    def __init__(self, width: int, height: int) -> None:
        self.packed: Bytes = np.empty((height * 3 // 2, width), np.uint8)
        self._luma = self.packed[:height]
        self._chroma = self.packed[height:].reshape(2, height // 2, width // 2)

    @classmethod
    def of(cls, planes: Planes, grain: Array) -> Bytes:
        """All of the planes, whose memory it takes, packed."""
        frame = cls(planes.luma.shape[1], planes.height)
        for first in range(0, planes.height, BAND_ROWS):
            frame.put(first, planes.rows(first, min(first + BAND_ROWS, planes.height)), grain)
        return frame.packed

    def put(self, first: int, planes: Planes, grain: Array) -> None:
        """Round up to `BAND_ROWS` rows from `first` (even). Takes the planes' memory."""
        luma, chroma = planes.luma, planes.chroma
        rows = grain[first % LATTICE : first % LATTICE + len(luma)]
        np.clip(np.add(luma, rows, out=luma), 0, 255, out=luma)
        np.clip(np.add(chroma, np.float32(CHROMA_ZERO + 0.5), out=chroma), 0, 255, out=chroma)
        np.copyto(self._luma[first : first + len(luma)], luma, casting="unsafe")
        np.copyto(self._chroma[:, first // 2 : first // 2 + chroma.shape[1]], chroma, casting="unsafe")


def grain_of(values: Array, width: int) -> Array:
    """What breaks up the banding of frames that wide, from a lattice of noise."""
    return dither(values, 0, 0, LATTICE + BAND_ROWS, width)
