"""A skyline: rows of buildings with lit windows, as one layer of the picture."""

from dataclasses import dataclass

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.colour import linear, mix, saturate
from actors.rendering.layers import Tone
from actors.rendering.noise import LINE_MASK, Array, Noise
from actors.rendering.view import Patch, View

WINDOW_WIDTH, WINDOW_HEIGHT = 0.0105, 0.0145
ANTENNA_HALF_WIDTH = 0.0014
LAMP_COLOURS = ("#ffd08a", "#ffe6b8", "#cfe2ff")


@dataclass(frozen=True, slots=True)
class Building:
    """From `left` to `right`, `height` high; above `setback` it is narrower. An antenna of 0 is none."""

    left: float
    right: float
    height: float
    setback: float
    antenna: float
    lamps: float


class Skyline:
    """One row of buildings. `lamps` from 0 to 1 is how many windows are lit."""

    def __init__(
        self, view: View, tone: Tone, chance: Chance, noise: Noise, *, base: float, height: float, lamps: float
    ) -> None:
        self._tone, self._noise, self._base, self._lamps = tone, noise, np.float32(base), lamps
        buildings = _row(view, chance, height)
        x = view.all_columns()
        which = np.searchsorted(np.array([b.right for b in buildings[:-1]]), x)
        self._left = np.array([b.left for b in buildings], np.float32)[which]
        self._number = which.astype(np.int32)
        self._lit = np.array([b.lamps for b in buildings], np.float32)[which]
        roof = np.array([_roof(buildings[number], float(at), view.pixel) for number, at in zip(which, x, strict=True)])
        self._roof = (roof[:, 0] + base).astype(np.float32)
        self.crest: Array = (roof[:, 1] + base + view.pixel).astype(np.float32)
        self._antenna = (roof[:, 1] + base).astype(np.float32)
        self._thin = np.float32(min(1.0, 2 * ANTENNA_HALF_WIDTH / view.pixel))
        self.solid: Array = self._roof - np.float32(view.pixel)
        self._colours = [linear(colour) for colour in LAMP_COLOURS]

    def paint(self, canvas: Array, patch: Patch) -> Array:
        columns = patch.columns
        body = saturate((self._roof[columns] - patch.altitude) / patch.pixel + np.float32(0.5))
        antenna = saturate((self._antenna[columns] - patch.altitude) / patch.pixel + np.float32(0.5)) * self._thin
        tone = self._tone
        sunk = np.maximum(self._roof[columns] - patch.altitude, np.float32(0)) * np.float32(1 / tone.depth)
        colour = mix(tone.body, tone.mist, np.float32(tone.mistiness) * sunk / (sunk + np.float32(1)))
        painted = mix(canvas, colour, np.maximum(body, antenna))
        return painted + self._windows(patch) * body if self._lamps else painted

    def _windows(self, patch: Patch) -> Array:
        """The light of the lit windows. Windows smaller than pixels blend into their mean."""
        columns = patch.columns
        across = (patch.x - self._left[columns]) * np.float32(1 / WINDOW_WIDTH)
        down = (self._roof[columns] - patch.altitude) * np.float32(1 / WINDOW_HEIGHT)
        column, floor = np.floor(across), np.floor(down)
        place = column.astype(np.int32) * 57 + floor.astype(np.int32) * 1013 + self._number[columns] * 7919
        value = self._noise.values.take(place & LINE_MASK)
        lit = saturate((value - np.float32(1) + np.float32(2 * self._lamps) * self._lit[columns]) * np.float32(6))
        shape = _pulse(across - column, 0.22, 0.78, patch.pixel / np.float32(WINDOW_WIDTH))
        shape = shape * _pulse(down - floor, 0.25, 0.72, patch.pixel / np.float32(WINDOW_HEIGHT))
        hue = self._noise.values.take((place * 3 + 11) & LINE_MASK)
        warm, white, cold = self._colours
        colour = mix(mix(warm, white, saturate(hue * np.float32(1.5))), cold, hue > np.float32(0.72))
        strength = lit * shape * (np.float32(0.45) + np.float32(0.4) * np.abs(hue)) * (floor >= 1)
        values: Array = colour * strength
        return values


def _pulse(t: Array, start: float, end: float, width: Array | np.float32) -> Array:
    """1 between start and end of a cell, its edges as soft as a pixel is wide."""
    soft = np.maximum(width, np.float32(1e-3))
    if float(np.max(soft)) > 1:
        return np.full_like(t, end - start)
    rise = saturate((t - np.float32(start)) / soft + np.float32(0.5))
    return rise * saturate((np.float32(end) - t) / soft + np.float32(0.5))


def _row(view: View, chance: Chance, height: float) -> list[Building]:
    """Buildings side by side beyond both edges, taller toward a centre."""
    buildings, left = [], -view.half_width - 0.2
    centre = chance.between(-0.5, 0.5) * view.half_width
    while left < view.half_width + 0.2:
        right = left + chance.between(0.03, 0.085)
        crowd = 1 / (1 + ((left - centre) / 0.45) ** 2)
        tall = height * (0.3 + chance.between(0, 0.42) + crowd * chance.between(0.05, 0.7))
        landmark = chance.yes(0.14)
        buildings.append(
            Building(
                left,
                right,
                tall * (1.18 if landmark else 1),
                chance.between(0.72, 0.9) if chance.yes(0.45) else 1.0,
                chance.between(0.12, 0.3) * tall if landmark else 0.0,
                chance.between(0.45, 1.0),
            )
        )
        left = right
    return buildings


def _roof(building: Building, x: float, pixel: float) -> tuple[float, float]:
    """The height of the walls and of the antenna at x."""
    middle, half = (building.left + building.right) / 2, (building.right - building.left) / 2
    away = abs(x - middle)
    wall = building.height if away < half * 0.62 else building.height * building.setback
    antenna = away < max(ANTENNA_HALF_WIDTH, pixel / 2)
    return wall, wall + building.antenna if antenna else wall
