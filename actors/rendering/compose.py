"""From a prompt and a seed to a picture: which hour, which ground, which weather, where things stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from actors.rendering.aurora import Aurora
from actors.rendering.blossom import Blossom
from actors.rendering.chance import Chance, key_of
from actors.rendering.cloth import Cloth
from actors.rendering.colour import Bytes, linear, mix
from actors.rendering.ground import Site, layers_of
from actors.rendering.headland import lighthouse_point, near_shore
from actors.rendering.noise import Array, Noise
from actors.rendering.options import Options
from actors.rendering.palettes import PALETTES, Palette
from actors.rendering.scene import Landscape, Parts
from actors.rendering.sky import Sky, Weather
from actors.rendering.view import View
from actors.rendering.water import Water
from actors.rendering.words import Theme, normalised, theme_of

PALETTES_BY_LIGHT: Mapping[str, tuple[str, ...]] = {
    "dawn": ("dawn", "rose"),
    "day": ("azure", "jade"),
    "sunset": ("ember", "rose"),
    "dusk": ("dusk", "violet"),
    "night": ("midnight",),
    "storm": ("slate",),
}
LIGHT_WEIGHTS: Mapping[str, float] = {"dawn": 3, "day": 2, "sunset": 3, "dusk": 3, "night": 1.5}
GROUND_WEIGHTS: Mapping[str, float] = {"mountains": 4, "forest": 2, "sea": 3, "hills": 3, "desert": 1}
VIVID = ("dawn", "rose", "azure", "ember", "dusk", "violet", "boreal", "jade")
OPEN_WATERS = ("sea", "city")  # always with water, and no near shore before it
CITY_GLOW = "#c98a5a"
HORIZONS: Mapping[str, tuple[float, float]] = {
    "mountains": (0.6, 0.68),
    "forest": (0.56, 0.64),
    "desert": (0.56, 0.64),
    "sea": (0.58, 0.66),
    "city": (0.66, 0.74),
    "hills": (0.56, 0.64),
}


class Picture(Protocol):
    """A picture of which any rectangle can be rendered by itself, with the same bytes as within a larger one."""

    def tile(self, column: int, row: int, width: int, height: int) -> Bytes:
        """Bytes in sRGB, shape (height, width, 3), of a rectangle in pixels."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What one picture is made from. Sizes in pixels."""

    prompt: str
    negative_prompt: str
    seed: int
    width: int
    height: int
    options: Options


@dataclass(frozen=True, slots=True)
class Sampling:
    """On which samples a picture is painted: `step` pixels apart, from `margin` pixels beyond either side."""

    margin: float = 0.0
    step: float = 1.0


EVERY_PIXEL = Sampling()


def compose(request: Request, sampling: Sampling = EVERY_PIXEL) -> Landscape | Blossom | Cloth:
    """Make the picture of a request: the same one every time, and on whichever samples."""
    theme = theme_of(request.prompt, request.negative_prompt)
    text = normalised(request.prompt)
    noise = Noise(key_of("noise", text, request.seed))
    chance = Chance("choices", text, request.seed)
    if _is_abstract(theme, request.options.style):
        return _abstract(request, sampling, theme, noise, chance)
    return _landscape(request, sampling, theme, noise, chance)


def _is_abstract(theme: Theme, style: str) -> bool:
    if style != "auto":
        return style == "abstract"
    return theme.abstract or not theme.known


def _abstract(request: Request, sampling: Sampling, theme: Theme, noise: Noise, chance: Chance) -> Blossom | Cloth:
    named = PALETTES_BY_LIGHT.get(theme.light or "", ())
    name = chance.one_of(named or VIVID)
    palette = PALETTES[name if request.options.palette == "auto" else request.options.palette]
    view = View(request.width, request.height, 0.5, sampling.margin, sampling.step)
    kind = Blossom if theme.bloom else Cloth
    return kind(view, palette, noise, chance, detail=request.options.detail)


def _landscape(request: Request, sampling: Sampling, theme: Theme, noise: Noise, chance: Chance) -> Landscape:
    ground = _ground(theme, chance)
    palette = _palette(theme, ground, request.options.palette, chance)
    horizon = chance.between(*HORIZONS[ground])
    view = View(request.width, request.height, horizon, sampling.margin, sampling.step)
    sky = Sky(view, palette, _weather(theme, palette, chance), noise, chance)
    side = 1.0 if sky.sun_x > 0 else -1.0
    water = _has_water(theme, ground, chance)
    site = Site(
        view, palette, noise, chance, side,
        mist=1.0 if "mist" in theme.features else 0.35 if "mist" not in theme.unwanted else 0.0,
        snow="snow" in theme.features, water=water, detail=request.options.detail,
    )  # fmt: skip
    above = layers_of(ground, site)
    lighthouse = None
    if "lighthouse" in theme.features:
        lighthouse, rocks = lighthouse_point(site)
        above = [*above, lighthouse, rocks]
    parts = Parts(
        sky=sky,
        above=tuple(above),
        front=near_shore(site) if water and ground not in OPEN_WATERS else (),
        aurora=Aurora(view, noise, chance) if "aurora" in theme.features else None,
        water=Water(view, palette, sky, noise, rough=_roughness(theme, ground)) if water else None,
        lighthouse=lighthouse,
        fog=0.45 if "mist" in theme.features else 0.16 * palette.lamps if ground == "city" else 0.0,
        fog_colour=_fog_colour(palette, ground),
    )
    return Landscape(view, parts, noise)


def _ground(theme: Theme, chance: Chance) -> str:
    if theme.ground:
        return theme.ground
    if "lighthouse" in theme.features:
        return "sea"
    if "aurora" in theme.features or "snow" in theme.features:
        return "mountains"
    return chance.weighted({name: weight for name, weight in GROUND_WEIGHTS.items() if name not in theme.unwanted})


def _palette(theme: Theme, ground: str, wanted: str, chance: Chance) -> Palette:
    if wanted != "auto":
        return PALETTES[wanted]
    if "aurora" in theme.features:
        return PALETTES["boreal"]
    weights = {name: weight for name, weight in LIGHT_WEIGHTS.items() if name not in theme.unwanted}
    fitting = {"dusk": 1.0, "night": 2.0} if ground == "city" else weights or LIGHT_WEIGHTS
    light = theme.light or chance.weighted(fitting)
    if ground == "desert" and light == "day":
        return PALETTES["sand"]
    return PALETTES[chance.one_of(PALETTES_BY_LIGHT[light])]


def _weather(theme: Theme, palette: Palette, chance: Chance) -> Weather:
    cover = chance.between(0.25, 0.62)
    if palette.name in ("midnight", "boreal", "sand"):
        cover = chance.between(0.0, 0.22)
    if "clouds" in theme.features:
        cover = 0.85
    if palette.name == "slate":
        cover = 1.0
    if "clouds" in theme.unwanted or (palette.name == "boreal" and "clouds" not in theme.features):
        cover = 0.0
    stars = 0.0 if "stars" in theme.unwanted else palette.stars
    hidden = (palette.moon and ("aurora" in theme.features or "moon" in theme.unwanted)) or palette.name == "slate"
    return Weather(cover, stars, 0.0 if hidden and "moon" not in theme.features else 1.0)


def _has_water(theme: Theme, ground: str, chance: Chance) -> bool:
    likely = {"mountains": 0.6, "forest": 0.15, "hills": 0.3}.get(ground, 0.0)
    drawn = chance.yes(likely)
    if ground in OPEN_WATERS:
        return True
    return ("water" in theme.features or drawn) and "water" not in theme.unwanted and ground != "desert"


def _fog_colour(palette: Palette, ground: str) -> Array:
    """Mist takes the colour of the sky above the horizon; over a lit city, some of the lamps'."""
    colour = mix(linear(palette.haze), linear(palette.sky[0]), 0.4)
    return mix(colour, linear(CITY_GLOW), 0.55 * palette.lamps) if ground == "city" else colour


def _roughness(theme: Theme, ground: str) -> float:
    if theme.light == "storm":
        return 1.0
    return 0.42 if ground == "sea" else 0.12
