"""The grounds a landscape may have: for each the layers, from far to near, that a seed makes of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from actors.rendering.chance import Chance
from actors.rendering.city import Skyline
from actors.rendering.colour import linear, mix
from actors.rendering.layers import Conifers, Dunes, Layer, Ridge, SnowyRidge, Tone
from actors.rendering.noise import Array, Noise
from actors.rendering.palettes import Palette
from actors.rendering.view import View

Profile = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that layers are made from. `shore` is the altitude that the farthest land rises from."""

    view: View
    palette: Palette
    noise: Noise
    chance: Chance
    sun_side: float
    mist: float
    snow: bool
    water: bool
    detail: int

    def tone(self, nearness: float, *, warmth: float = 0.5, depth: float = 0.1) -> Tone:
        """The colours of a layer: hazy when far (0), the palette's darkest when near (1)."""
        haze, near = linear(self.palette.haze), linear(self.palette.near)
        body = mix(haze, near, nearness**0.75)
        glow = linear(self.palette.glow)
        mist = mix(haze, mix(body, haze, 0.3), nearness)
        lit = mix(body, mix(body, glow, 0.5) * np.float32(1.25), warmth)
        return Tone(body, mist, lit, (0.35 + 0.6 * self.mist) * (1 - 0.78 * nearness), depth)

    def hills(self, base: float, height: float, frequency: float, octaves: float = 4) -> Profile:
        shift = np.float32(self.chance.between(0, 3000))
        fine = self.view.octaves(frequency, octaves + self.detail)
        return lambda x: (
            np.float32(base)
            + np.float32(height) * self.noise.line_fractal(x * np.float32(frequency) + shift, fine, 0.42)
        )

    def peaks(self, base: float, height: float, frequency: float) -> Profile:
        """Sharp summits: folded noise, rough in the small."""
        shift = np.float32(self.chance.between(0, 3000))
        fine = self.view.octaves(frequency * 5.5, 3 + self.detail)

        def profile(x: Array) -> Array:
            place = x * np.float32(frequency) + shift
            bent = place + self.noise.line(place * np.float32(2.3)) * np.float32(0.22)
            range_ = np.float32(0.5) + np.float32(0.5) * self.noise.line(place * np.float32(0.45) + np.float32(13))
            summit = np.float32(1) - np.abs(self.noise.line(bent * np.float32(1.7)))
            second = np.float32(1) - np.abs(self.noise.line(bent * np.float32(3.9) + np.float32(71)))
            rough = self.noise.line_fractal(place * np.float32(5.5), fine, 0.55)
            shape = summit * (np.float32(0.34) + np.float32(0.34) * range_) + second * summit * np.float32(0.3)
            values: Array = np.float32(base) + np.float32(height) * (shape + rough * np.float32(0.13))
            return values

        return profile

    def crests(self, base: float, height: float, frequency: float) -> Profile:
        """Dunes: long even curves that meet in an edge."""
        shift = np.float32(self.chance.between(0, 3000))

        def profile(x: Array) -> Array:
            place = x * np.float32(frequency) + shift
            fold = np.abs(self.noise.line(place + self.noise.line(place * np.float32(0.6)) * np.float32(0.5)))
            swell = self.noise.line(place * np.float32(0.37) + np.float32(17))
            return np.float32(base) + np.float32(height) * (
                np.float32(0.8) - fold * np.float32(1.1) + swell * np.float32(0.5)
            )

        return profile


def layers_of(ground: str, site: Site) -> list[Layer]:
    """The layers of a ground, from far to near."""
    return GROUNDS[ground](site)


def _mountains(site: Site) -> list[Layer]:
    far = [_mountain(site, nearness, base, height, frequency) for nearness, base, height, frequency in (
        (0.14, 0.03, 0.3, 1.5), (0.32, 0.0, 0.33, 1.2), (0.55, -0.03, 0.2, 1.7),
    )]  # fmt: skip
    return [*far, *_foothills(site)]


def _mountain(site: Site, nearness: float, base: float, height: float, frequency: float) -> Layer:
    profile = site.peaks(base, height * site.chance.between(0.85, 1.15), frequency)
    tone = site.tone(nearness, warmth=0.9, depth=0.16)
    if not site.snow:
        return Ridge(site.view, profile, tone, site.noise, site.sun_side, relief=0.75)
    haze = linear(site.palette.haze)
    snow = mix(haze, mix(linear(site.palette.cloud_lit), linear(site.palette.sun), 0.3), 0.5 + 0.5 * nearness)
    shade = mix(haze, linear(site.palette.sky[3]), 0.25 + 0.6 * nearness) * np.float32(0.8)
    line = base + height * (0.22 - 0.16 * nearness)
    return SnowyRidge(
        site.view, profile, tone, site.noise, site.sun_side, relief=0.8, snow=snow, shade=shade, line=line
    )


def _foothills(site: Site) -> list[Layer]:
    """What is between mountains and onlooker: wooded slopes, or one dark shore before water."""
    if site.water:
        return [_wood(site, 0.72, site.hills(0.004, 0.012, 2.0), 0.05)]
    bottom = site.view.bottom
    return [
        _wood(site, 0.66, site.hills(bottom * 0.2, 0.05, 1.6), 0.055),
        _wood(site, 0.83, site.hills(bottom * 0.5, 0.06, 1.3), 0.09),
        _wood(site, 1.0, site.hills(bottom * 0.86, 0.05, 1.1), 0.16),
    ]


def _wood(site: Site, nearness: float, ground: Profile, height: float) -> Layer:
    return Conifers(site.view, ground, site.tone(nearness, depth=0.2), site.chance, site.noise, height)


def _forest(site: Site) -> list[Layer]:
    bottom = 0.0 if site.water else site.view.bottom
    hazy = (Ridge(site.view, site.peaks(0.08, 0.2, 1.3), site.tone(0.1), site.noise, site.sun_side),
            Ridge(site.view, site.hills(0.1, 0.09, 1.7), site.tone(0.22), site.noise, site.sun_side))  # fmt: skip
    rows = ((0.34, 0.05, 0.05), (0.5, bottom * 0.18, 0.085), (0.68, bottom * 0.4, 0.14), (0.86, bottom * 0.66, 0.22))
    stands = [
        _wood(site, nearness, site.hills(base, 0.05, 1.6), height)
        for nearness, base, height in (rows[:2] if site.water else rows)
    ]
    front = [] if site.water else [_wood(site, 1.0, site.hills(bottom * 0.98, 0.06, 1.2), 0.34)]
    return [*hazy, *stands, *front]


def _desert(site: Site) -> list[Layer]:
    bottom = site.view.bottom
    rows = (
        (0.1, 0.035, 0.05, 2.6),
        (0.25, 0.0, 0.07, 2.0),
        (0.42, bottom * 0.2, 0.1, 1.5),
        (0.6, bottom * 0.48, 0.14, 1.1),
        (0.8, bottom * 0.82, 0.17, 0.85),
    )
    return [_dune(site, *row) for row in rows]


def _dune(site: Site, nearness: float, base: float, height: float, frequency: float) -> Layer:
    haze, near, glow = (linear(colour) for colour in (site.palette.haze, site.palette.near, site.palette.glow))
    shade = mix(haze, near, 0.28 + 0.62 * nearness)
    lit = mix(haze, mix(near, glow, 0.6), 0.15 + 0.85 * nearness)
    tone = Tone(shade, haze, lit, 0.25 * (1 - nearness) + 0.3 * site.mist, 0.25)
    profile = site.crests(base, height, frequency)
    return Dunes(site.view, profile, tone, site.noise, site.sun_side, relief=1.0)


def _sea(site: Site) -> list[Layer]:
    """A far coast, low and hazy, that leaves part of the horizon free."""
    shift = np.float32(site.chance.between(0, 3000))
    side = site.chance.side()

    def coast(x: Array, height: float, reach: float) -> Array:
        slope = np.clip(x * np.float32(side) + np.float32(reach), np.float32(-0.3), np.float32(0.8))
        rough = site.noise.line_fractal(x * np.float32(2.6) + shift, site.view.octaves(2.6, 6), 0.45)
        values: Array = slope * np.float32(height) + rough * np.float32(0.03) - np.float32(0.012)
        return values

    return [
        Ridge(site.view, lambda x: coast(x, 0.12, 0.05), site.tone(0.14), site.noise, site.sun_side),
        Ridge(site.view, lambda x: coast(x, 0.13, -0.15), site.tone(0.32), site.noise, site.sun_side),
    ]


def _city(site: Site) -> list[Layer]:
    lamps = site.palette.lamps
    base = 0.004
    rows = ((0.2, 0.3, 0.18 * lamps), (0.46, 0.25, 0.36 * lamps), (0.9, 0.16, 0.5 * lamps))
    skyline = [
        Skyline(
            site.view, site.tone(nearness, depth=0.22), site.chance, site.noise, base=base, height=height, lamps=share
        )
        for nearness, height, share in rows
    ]
    quay = Ridge(site.view, site.hills(0.006, 0.0015, 3.0), site.tone(1.0), site.noise, site.sun_side)
    return [Ridge(site.view, site.hills(0.05, 0.05, 1.4), site.tone(0.08), site.noise, site.sun_side), *skyline, quay]


def _hills(site: Site) -> list[Layer]:
    bottom = 0.0 if site.water else site.view.bottom
    rows = (
        (0.12, 0.07, 0.12, 1.3),
        (0.26, 0.03, 0.08, 1.5),
        (0.42, bottom * 0.12, 0.07, 1.4),
        (0.58, bottom * 0.32, 0.08, 1.1),
        (0.78, bottom * 0.58, 0.08, 0.95),
    )
    ridges: list[Layer] = [
        Ridge(
            site.view, site.hills(base, height, frequency, 2), site.tone(near), site.noise, site.sun_side, relief=0.45
        )
        for near, base, height, frequency in (rows[:3] if site.water else rows)
    ]
    return ridges if site.water else [*ridges, _wood(site, 1.0, site.hills(bottom * 0.95, 0.05, 1.1), 0.13)]


GROUNDS: dict[str, Callable[[Site], list[Layer]]] = {
    "mountains": _mountains,
    "forest": _forest,
    "desert": _desert,
    "sea": _sea,
    "city": _city,
    "hills": _hills,
}
