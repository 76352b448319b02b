"""What stands at the water: a rocky point with a lighthouse, and the near shore of a lake."""

import numpy as np

from actors.rendering.colour import linear, mix
from actors.rendering.ground import Site
from actors.rendering.layers import Conifers, Layer, Ridge, Tone
from actors.rendering.lighthouse import Lighthouse
from actors.rendering.noise import Array

FOOT = 0.07  # the tower's foot, in units above the water, behind the rocks


def lighthouse_point(site: Site) -> tuple[Lighthouse, Layer]:
    """A tower on a rocky point, on the other side of the picture than the sun."""
    view, palette, chance = site.view, site.palette, site.chance
    x = -site.sun_side * chance.between(0.34, 0.5) * view.half_width
    height = min(chance.between(0.36, 0.42), view.top * 0.62)
    shift = np.float32(chance.between(0, 3000))
    outward = np.float32(-site.sun_side)

    def rocks(at: Array) -> Array:
        away = (at - np.float32(x)) * outward
        shape = np.where(away > 0, away * np.float32(0.06), away * np.float32(0.34))
        mound = np.float32(0.085) + np.maximum(shape, np.float32(-0.3)) - np.abs(away) * np.float32(0.1)
        rough = site.noise.line_fractal(at * np.float32(6) + shift, view.octaves(6.0, 6), 0.55)
        values: Array = mound + rough * np.float32(0.035)
        return values

    rock = mix(linear(palette.near), linear(palette.haze), 0.06)
    lit = mix(rock, linear(palette.glow), 0.22)
    tone = Tone(rock, mix(rock, linear(palette.near), 0.8), lit, 0.9, 0.05)
    return _tower(site, x, height), Ridge(view, rocks, tone, site.noise, site.sun_side, relief=0.7)


def _tower(site: Site, x: float, height: float) -> Lighthouse:
    """By day white and red; the more the lamps are lit, the darker against the sky."""
    palette = site.palette
    near = linear(palette.near)
    wall = mix(near, linear(palette.sky[1]), 0.4 if palette.lamps == 1 else 0.62)
    return Lighthouse(
        site.view,
        x=x,
        foot=FOOT,
        height=height,
        dark=mix(near, linear(palette.haze), 0.12),
        pale=wall if palette.lamps == 1 else mix(wall, linear(palette.sun), 0.3),
        sun_side=site.sun_side,
        lamp=palette.lamps,
    )


def near_shore(site: Site) -> tuple[Layer, ...]:
    """A dark wooded shore in one lower corner, which gives the water before it depth."""
    side, shift = np.float32(site.chance.side()), np.float32(site.chance.between(0, 3000))
    bottom = np.float32(site.view.bottom)

    def shore(x: Array) -> Array:
        toward = x * side / np.float32(site.view.half_width)
        rough = site.noise.line_fractal(x * np.float32(3) + shift, site.view.octaves(3.0, 5), 0.45)
        return bottom * (np.float32(1.08) - np.float32(0.36) * toward) + rough * np.float32(0.03)

    return (Conifers(site.view, shore, site.tone(1.0, depth=0.3), site.chance, site.noise, 0.13),)
