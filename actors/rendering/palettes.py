"""The palettes: for each hour of the day the colours of sky, light, haze, land and water. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb. `sky` runs from the horizon up to the zenith. `sun_height` is its place, in unit lengths
    above the horizon; below zero only its glow is seen. `stars` and `lamps` are from 0 (none) to 1.
    """

    name: str
    sky: tuple[str, ...]
    sun: str
    glow: str
    haze: str
    near: str
    cloud_lit: str
    cloud_shade: str
    water: str
    sun_height: tuple[float, float]
    glow_strength: float
    stars: float = 0.0
    lamps: float = 0.0
    moon: bool = False


PALETTES = {
    palette.name: palette
    for palette in (
        Palette(
            name="dawn",
            sky=("#ffdcae", "#fbb99a", "#d99fae", "#9c93bf", "#5f7cb0", "#3d5f97"),
            sun="#fff0cf", glow="#ffb472", haze="#e9b9a6", near="#232c3f",
            cloud_lit="#ffd9bd", cloud_shade="#a58bab", water="#3d5273",
            sun_height=(0.05, 0.14), glow_strength=0.85, stars=0.05, lamps=0.35,
        ),
        Palette(
            name="rose",
            sky=("#ffe3d0", "#ffc2c0", "#f09fb8", "#b787c0", "#6f74b5", "#434f8d"),
            sun="#fff3e6", glow="#ff9f9b", haze="#f0b9bd", near="#3a2748",
            cloud_lit="#ffdfdc", cloud_shade="#b183b4", water="#574a80",
            sun_height=(0.04, 0.16), glow_strength=0.8, stars=0.05, lamps=0.3,
        ),
        Palette(
            name="azure",
            sky=("#dcecf2", "#b4d8ec", "#7db9e3", "#4a93d0", "#2a6cb4", "#184a8e"),
            sun="#fffbe8", glow="#fff0c8", haze="#bcd6e4", near="#1f3d33",
            cloud_lit="#ffffff", cloud_shade="#9db4cc", water="#14507a",
            sun_height=(0.34, 0.46), glow_strength=0.45,
        ),
        Palette(
            name="sand",
            sky=("#f6e3bf", "#e9dcc0", "#b9d3d6", "#7fb6d1", "#4a8fbd", "#2a6798"),
            sun="#fff8dd", glow="#ffe6ae", haze="#ebcf9f", near="#8a4f24",
            cloud_lit="#fff8e8", cloud_shade="#c9b79c", water="#2e6f86",
            sun_height=(0.32, 0.44), glow_strength=0.55,
        ),
        Palette(
            name="ember",
            sky=("#ffd489", "#ff9f55", "#ec6a4c", "#a9455e", "#5b3468", "#2a2452"),
            sun="#fff2c4", glow="#ff8a3c", haze="#e88a5c", near="#1f1426",
            cloud_lit="#ffb06a", cloud_shade="#7a3c5e", water="#43244c",
            sun_height=(0.03, 0.11), glow_strength=1.1, stars=0.08, lamps=0.6,
        ),
        Palette(
            name="dusk",
            sky=("#ffc08a", "#f08e7c", "#b5688d", "#6a5394", "#35407f", "#17265a"),
            sun="#ffe0b0", glow="#ff9066", haze="#a8719a", near="#10142c",
            cloud_lit="#f79a86", cloud_shade="#4d4480", water="#1e2452",
            sun_height=(-0.035, -0.01), glow_strength=0.8, stars=0.4, lamps=1.0,
        ),
        Palette(
            name="violet",
            sky=("#f5b6b0", "#c98bb9", "#8f6fbd", "#5a55a8", "#343f86", "#1a2459"),
            sun="#ffe6e0", glow="#f08fb0", haze="#9a7cb8", near="#17143a",
            cloud_lit="#eaa6c4", cloud_shade="#5b4f9c", water="#2a2a66",
            sun_height=(-0.03, 0.03), glow_strength=0.7, stars=0.45, lamps=1.0,
        ),
        Palette(
            name="midnight",
            sky=("#3a5578", "#27436d", "#19315b", "#102247", "#0a1733", "#060d22"),
            sun="#f3f1e4", glow="#8fb0dc", haze="#2c4468", near="#04070f",
            cloud_lit="#5f7ba3", cloud_shade="#15233f", water="#0a1730",
            sun_height=(0.36, 0.5), glow_strength=0.32, stars=1.0, lamps=1.0, moon=True,
        ),
        Palette(
            name="boreal",
            sky=("#2b5f68", "#1a4457", "#123148", "#0c2139", "#08152a", "#050d1e"),
            sun="#eef4ee", glow="#6fc7b4", haze="#245063", near="#040a12",
            cloud_lit="#4f8a92", cloud_shade="#0f2638", water="#081c2c",
            sun_height=(0.4, 0.55), glow_strength=0.18, stars=1.0, lamps=1.0, moon=True,
        ),
        Palette(
            name="slate",
            sky=("#b9bfb9", "#96a3a8", "#74858f", "#566773", "#3c4b59", "#293643"),
            sun="#f4f1e2", glow="#d5d2bd", haze="#8d9aa0", near="#161d24",
            cloud_lit="#c3c9c8", cloud_shade="#3a4652", water="#263642",
            sun_height=(0.2, 0.3), glow_strength=0.35, lamps=0.8,
        ),
        Palette(
            name="jade",
            sky=("#f3efd0", "#cfe0c0", "#97c6b4", "#5fa3a6", "#35768a", "#1d4f6b"),
            sun="#fffbe0", glow="#f3eba6", haze="#b5d0b8", near="#0f2f2b",
            cloud_lit="#f7f7e6", cloud_shade="#86b0a8", water="#1d5a60",
            sun_height=(0.12, 0.26), glow_strength=0.65,
        ),
    )
}  # fmt: skip
