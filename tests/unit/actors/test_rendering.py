"""The procedural renderer: deterministic, seamless, and attentive to the words of a prompt."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from actors.rendering.colour import Bytes
from actors.rendering.compose import Request, compose
from actors.rendering.options import OPTIONS_SCHEMA, PALETTES, STYLES, Options
from actors.rendering.palettes import PALETTES as PALETTE_DATA
from actors.rendering.procedural import paint, render_images
from actors.rendering.tiles import edge_of, tile_count, tiles_of
from actors.rendering.words import theme_of

PROMPTS = [
    "a lighthouse at dusk",
    "a lighthouse in a storm at sea",
    "aurora over snowy mountains",
    "mountains by a lake at sunrise",
    "desert at noon",
    "city at night",
    "misty forest at dawn",
    "green hills in summer",
    "flowing silk",
    "a rose in bloom",
]


def request(**changes: object) -> Request:
    values: dict[str, object] = {
        "prompt": "a lighthouse at dusk",
        "negative_prompt": "",
        "seed": 7,
        "width": 96,
        "height": 64,
        "options": Options(),
    }
    return Request(**(values | changes))  # type: ignore[arg-type]  # a factory for tests


def rendered(wanted: Request) -> Bytes:
    pixels = np.empty((wanted.height, wanted.width, 3), np.uint8)
    for _ in paint(compose(wanted), pixels):
        pass
    return pixels


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize(("width", "height"), [(150, 100), (64, 144)])
def test_tiles_join_to_what_one_tile_of_the_whole_gives(prompt: str, width: int, height: int) -> None:
    wanted = request(prompt=prompt, width=width, height=height)

    whole = compose(wanted).tile(0, 0, width, height)

    assert np.array_equal(rendered(wanted), whole)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_same_request_gives_the_same_pixels(prompt: str) -> None:
    assert np.array_equal(rendered(request(prompt=prompt)), rendered(request(prompt=prompt)))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"prompt": "a lighthouse at dawn"},
        {"negative_prompt": "clouds, stars"},
        {"options": Options(palette="jade")},
        {"options": Options(style="abstract")},
    ],
)
def test_a_change_of_the_request_changes_the_picture(change: dict[str, object]) -> None:
    assert not np.array_equal(rendered(request()), rendered(request(**change)))


def test_case_and_spaces_change_nothing() -> None:
    assert np.array_equal(rendered(request()), rendered(request(prompt="  A Lighthouse  at DUSK ")))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_small_picture_shows_what_a_large_one_does(prompt: str) -> None:
    large = rendered(request(prompt=prompt, width=256, height=256)).astype(float)
    small = rendered(request(prompt=prompt, width=64, height=64)).astype(float)

    shrunk = large.reshape(8, 32, 8, 32, 3).mean(axis=(1, 3))
    coarse = small.reshape(8, 8, 8, 8, 3).mean(axis=(1, 3))

    assert np.abs(shrunk - coarse).mean() < 6


@pytest.mark.parametrize("palette", [name for name in PALETTES if name != "auto"])
@pytest.mark.parametrize("style", STYLES)
def test_every_palette_paints_in_every_style(palette: str, style: str) -> None:
    pixels = rendered(request(options=Options(style=style, palette=palette), width=64))

    assert pixels.std() > 8


def test_the_schema_offers_every_palette_there_is() -> None:
    assert set(OPTIONS_SCHEMA["properties"]["palette"]["enum"]) == {"auto", *PALETTE_DATA}


@pytest.mark.parametrize(
    ("prompt", "light", "ground", "feature"),
    [
        ("a lighthouse at dusk", "dusk", None, "lighthouse"),
        ("Aurora over snowy mountains", None, "mountains", "aurora"),
        ("desert at noon", "day", "desert", None),
        ("misty forests at dawn", "dawn", "forest", "mist"),
        ("seasoned workers", None, None, None),
    ],
)
def test_words_make_the_theme(prompt: str, light: str | None, ground: str | None, feature: str | None) -> None:
    theme = theme_of(prompt)

    assert (theme.light, theme.ground) == (light, ground)
    assert feature is None or feature in theme.features


def test_a_negative_prompt_takes_features_away() -> None:
    assert "mist" not in theme_of("misty forest", "fog, people").features


@pytest.mark.parametrize(("width", "height"), [(64, 64), (100, 70), (2048, 64), (333, 2048)])
def test_tiles_cover_every_pixel_once(width: int, height: int) -> None:
    covered = np.zeros((height, width), int)
    for column, row, across, down in tiles_of(width, height):
        covered[row : row + down, column : column + across] += 1

    assert (covered == 1).all()
    assert tile_count(width, height) == len(list(tiles_of(width, height)))


def test_tiles_are_many_enough_to_report_and_few_enough_to_be_cheap() -> None:
    assert tile_count(256, 256) >= 64
    assert tile_count(64, 64) >= 16
    assert tile_count(2048, 2048) <= 256
    assert edge_of(2048, 2048) <= 128


def test_steps_count_every_tile_and_every_encoding(tmp_path: Path) -> None:
    arguments = {"prompt": "x", "negative_prompt": "", "seed": 2, "n": 2, "width": 64, "height": 64}

    steps = list(render_images(arguments | {"options": {}, "scratch": str(tmp_path)}))

    total = 2 * (tile_count(64, 64) + 1)
    assert [step["done"] for step in steps] == list(range(1, total + 1))
    assert {step["total"] for step in steps} == {total}
    assert [step["seed"] for step in steps if "file" in step] == [2, 3]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.png", "1.png"]


def test_the_provider_imports_neither_numpy_nor_pillow() -> None:
    code = "import sys, actors.providers.procedural; print(sorted({'numpy', 'PIL'} & set(sys.modules)))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
