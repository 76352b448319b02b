"""What a child process runs for the procedural provider's videos: renders and encodes frame by frame, telling each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from actors.rendering.encoder import encoding
from actors.rendering.moving import set_in_motion
from actors.rendering.procedural import request_of


def render_videos(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Render `n` videos with the seeds `seed`, `seed + 1`, … into the directory `scratch`.

    Takes what `render_images` takes, width and height even, and duration_seconds and fps. Yields `{"done", "total"}`
    for each frame and, while a video is begun or finished, some more without a step between; when its file is
    written, the same with `{"index", "file", "seed", "duration"}`, the last in seconds. A unit is a frame, or a file.
    """
    frames, n = frame_count(arguments["duration_seconds"], arguments["fps"]), arguments["n"]
    total = n * (frames + 1)
    for index in range(n):
        done = index * (frames + 1)
        file, seed = Path(arguments["scratch"]) / f"{index}.mp4", arguments["seed"] + index
        for finished in _render(arguments, file, seed, frames):
            yield {"done": done + finished, "total": total}
        output = {"index": index, "file": str(file), "seed": seed, "duration": frames / arguments["fps"]}
        yield {"done": done + frames + 1, "total": total, **output}


def frame_count(duration_seconds: float, fps: int) -> int:
    """How many frames make up the duration; at least one."""
    return max(1, round(duration_seconds * fps))


def _render(arguments: Mapping[str, Any], file: Path, seed: int, frames: int) -> Iterator[int]:
    """Write one video, yielding how many of its frames are done: again and again before the first, after the last."""
    fps = arguments["fps"]
    picture = set_in_motion(request_of(arguments, seed))
    with encoding(file, width=arguments["width"], height=arguments["height"], fps=fps, seed=seed) as encoder:
        for _ in picture.prepare():
            yield 0
        for number in range(frames):
            encoder.add(picture.frame(number / fps))
            yield number + 1
        for _ in encoder.finish():
            yield frames
