"""What a child process runs for the procedural provider: renders pictures tile by tile and tells of every step."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from actors.rendering.colour import Bytes
from actors.rendering.compose import Picture, Request, compose
from actors.rendering.files import write_png
from actors.rendering.options import Options
from actors.rendering.tiles import tile_count, tiles_of

SEEDS = 2**63
"""Behind the greatest seed outputs go on at 0, as `jobs.catalogue.output_seed` says."""


def render_images(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Render `n` pictures with the seeds `seed`, `seed + 1`, … into the directory `scratch`.

    Takes prompt, negative_prompt, seed, n, width, height, options, scratch. Yields `{"done", "total"}` per tile and,
    when a picture's file is written, the same with `{"index", "file", "seed"}`. A unit is a tile, or an encoding.
    """
    width, height, n = arguments["width"], arguments["height"], arguments["n"]
    total = n * (tile_count(width, height) + 1)
    done = 0
    for index in range(n):
        seed = (arguments["seed"] + index) % SEEDS
        picture = compose(request_of(arguments, seed))
        pixels = np.empty((height, width, 3), np.uint8)
        for _ in paint(picture, pixels):
            done += 1
            yield {"done": done, "total": total}
        file = Path(arguments["scratch"]) / f"{index}.png"
        write_png(pixels, file, seed=seed)
        done += 1
        yield {"done": done, "total": total, "index": index, "file": str(file), "seed": seed}


def paint(picture: Picture, pixels: Bytes) -> Iterator[None]:
    """Fill (h, w, 3) bytes tile by tile, yielding after each."""
    height, width = pixels.shape[:2]
    for column, row, across, down in tiles_of(width, height):
        pixels[row : row + down, column : column + across] = picture.tile(column, row, across, down)
        yield


def request_of(arguments: Mapping[str, Any], seed: int) -> Request:
    return Request(
        prompt=arguments["prompt"],
        negative_prompt=arguments["negative_prompt"],
        seed=seed,
        width=arguments["width"],
        height=arguments["height"],
        options=Options.of(arguments["options"]),
    )
