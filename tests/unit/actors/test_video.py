"""The procedural renderer's videos: true to their request, smooth, lively, and files that a browser plays at once."""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from actors.rendering.colour import Bytes
from actors.rendering.compose import Request, compose
from actors.rendering.moving import MovingPicture, set_in_motion
from actors.rendering.noise import Array
from actors.rendering.options import Options
from actors.rendering.planes import yuv
from actors.rendering.plates import shifted
from actors.rendering.resampling import resample
from actors.rendering.video import frame_count, render_videos

LIVELY = ["a lighthouse at dusk", "aurora over a snowy lake", "city at night", "misty forest", "silk", "a rose"]
ARGUMENTS: dict[str, Any] = {
    "prompt": "a lighthouse at dusk, belonging to nobody",
    "negative_prompt": "",
    "seed": 7,
    "n": 1,
    "width": 96,
    "height": 64,
    "duration_seconds": 1.0,
    "fps": 8,
    "options": {},
}


def rendered(directory: Path, **changes: Any) -> list[dict[str, Any]]:
    return list(render_videos(ARGUMENTS | {"scratch": str(directory)} | changes))


def luma_of(file: Path) -> list[Array]:
    """The brightness of every frame, from 16 to 235, shape (height, width)."""
    with av.open(str(file)) as container:
        return [frame.to_ndarray()[: frame.height].astype(float) for frame in container.decode(video=0)]


def moving(prompt: str, width: int = 128, height: int = 96) -> MovingPicture:
    picture = set_in_motion(Request(prompt, "", 7, width, height, Options()))
    for _ in picture.prepare():
        pass
    return picture


def boxes(content: bytes) -> Iterator[str]:
    """The types of a file's outermost boxes (ISO/IEC 14496-12, 4.2)."""
    place = 0
    while place < len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        yield kind.decode()
        place += size


@pytest.mark.parametrize(
    ("duration", "fps", "frames"), [(1.0, 8, 8), (0.5, 1, 1), (1.3, 10, 13), (0.52, 25, 13), (0.5, 60, 30)]
)
def test_a_video_has_as_many_frames_as_its_duration_asks_for(
    tmp_path: Path, duration: float, fps: int, frames: int
) -> None:
    *_, last = rendered(tmp_path, width=64, duration_seconds=duration, fps=fps)

    with av.open(last["file"]) as container:
        [stream] = container.streams
        assert len(list(container.decode(video=0))) == stream.frames == frames
        assert container.duration == round(frames / fps * 1_000_000)
        assert stream.start_time == 0
    assert last["duration"] == pytest.approx(frames / fps)


def test_half_a_frame_is_one() -> None:
    assert frame_count(0.5, 1) == 1


@pytest.mark.parametrize(("width", "height"), [(64, 64), (66, 94), (130, 66), (1920, 64), (64, 1920)])
@pytest.mark.parametrize("prompt", ["a lighthouse at dusk", "forest", "silk", "a rose"])
def test_every_even_size_is_what_was_asked_for(tmp_path: Path, prompt: str, width: int, height: int) -> None:
    *_, last = rendered(tmp_path, prompt=prompt, width=width, height=height, duration_seconds=0.5, fps=2)

    with av.open(last["file"]) as container:
        [frame] = container.decode(video=0)
        assert (frame.width, frame.height) == (width, height)


def test_the_file_can_be_played_while_it_loads(tmp_path: Path) -> None:
    *_, last = rendered(tmp_path)

    found = list(boxes(Path(last["file"]).read_bytes()))

    assert found[0] == "ftyp"
    assert found.index("moov") < found.index("mdat")


def test_the_file_is_what_browsers_play(tmp_path: Path) -> None:
    *_, last = rendered(tmp_path)

    with av.open(last["file"]) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_range) == (1, 1)  # BT.709, limited


def test_the_file_says_what_it_is_and_not_what_was_asked_or_when(tmp_path: Path) -> None:
    *_, last = rendered(tmp_path)

    with av.open(last["file"]) as container:
        assert "No generative model" in container.metadata["comment"]
        assert "Seed: 7." in container.metadata["comment"]
        assert "creation_time" not in container.metadata
    assert b"nobody" not in Path(last["file"]).read_bytes()


def test_the_same_request_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    videos = []
    for seed in (7, 7, 8):
        *_, last = rendered(tmp_path, seed=seed)
        videos.append(Path(last["file"]).read_bytes())

    assert videos[0] == videos[1] != videos[2]


def test_steps_count_every_frame_and_every_file(tmp_path: Path) -> None:
    steps = rendered(tmp_path, n=2)

    done = [step["done"] for step in steps]
    assert done == sorted(done)
    assert set(done) == set(range(2 * (8 + 1) + 1))
    assert {step["total"] for step in steps} == {2 * (8 + 1)}
    assert [(step["index"], step["seed"]) for step in steps if "file" in step] == [(0, 7), (1, 8)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.mp4", "1.mp4"]


def test_no_file_has_its_name_before_it_is_whole(tmp_path: Path) -> None:
    for step in render_videos(ARGUMENTS | {"scratch": str(tmp_path)}):
        assert (tmp_path / "0.mp4").exists() == ("file" in step)


def test_a_rendering_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    steps = render_videos(ARGUMENTS | {"scratch": str(tmp_path)})
    while next(steps)["done"] < 3:
        pass

    steps.close()  # type: ignore[attr-defined]  # it is a generator

    assert not list(tmp_path.iterdir())


def test_frames_show_something_and_move_smoothly(tmp_path: Path) -> None:
    *_, last = rendered(tmp_path, width=192, height=128, fps=24)

    frames = luma_of(Path(last["file"]))

    assert frames[0].std() > 8
    steps = [np.abs(after - before).mean() for before, after in pairwise(frames)]
    assert min(steps) > 0.02
    assert max(steps) < 4
    assert np.abs(frames[-1] - frames[0]).mean() > 2 * np.median(steps)


@pytest.mark.parametrize("prompt", LIVELY)
def test_every_scene_lives(prompt: str) -> None:
    picture = moving(prompt)
    start, soon, later = (picture.frame(time).astype(float) for time in (0.0, 1 / 24, 1.0))

    assert 0 < np.abs(soon - start).mean() < 4
    assert np.abs(later - start).mean() > np.abs(soon - start).mean()


@pytest.mark.parametrize("prompt", LIVELY)
def test_a_frame_does_not_depend_on_those_before_it(prompt: str) -> None:
    picture, other = moving(prompt), moving(prompt)
    picture.frame(0.0)
    picture.frame(3.0)

    assert np.array_equal(picture.frame(1.0), other.frame(1.0))


@pytest.mark.parametrize("prompt", ["a lighthouse at dusk", "mountains by a lake at sunrise", "misty forest at dawn"])
def test_the_first_frame_is_nearly_the_picture_that_the_image_model_paints(prompt: str) -> None:
    width, height = 192, 128
    still = compose_levels(prompt, width, height)

    frame = moving(prompt, width, height).frame(0.0)[:height].astype(float)

    assert np.abs(frame - still).mean() < 8


def compose_levels(prompt: str, width: int, height: int) -> Array:
    """The luma of a still picture."""
    pixels: Bytes = compose(Request(prompt, "", 7, width, height, Options())).tile(0, 0, width, height)
    luma: Array = yuv(pixels.transpose(2, 0, 1).astype(np.float32))[0]
    return luma


def test_resampling_keeps_what_is_linear() -> None:
    samples = np.add.outer(np.arange(20), np.arange(30)).astype(np.float32)
    out = np.empty((60, 90), np.float32)

    resample(samples, out, 20)

    wanted = np.add.outer((np.arange(60) + 0.5) / 3 - 0.5, (np.arange(90) + 0.5) / 3 - 0.5)
    assert np.abs(out - wanted)[9:-9, 9:-9].max() < 1e-4


def test_a_shift_between_two_columns_is_their_mean() -> None:
    values = np.arange(10, dtype=np.float32)[None]

    assert shifted(values, 2.5, 3).tolist() == [[2.5, 3.5, 4.5]]
    assert shifted(values, 2, 3).tolist() == [[2, 3, 4]]


def test_nothing_but_errors_is_logged(tmp_path: Path) -> None:
    code = (
        "import sys, json; from actors.rendering.video import render_videos\n"
        "for _ in render_videos(json.loads(sys.argv[1])): pass"
    )
    arguments = json.dumps(ARGUMENTS | {"scratch": str(tmp_path)})

    done = subprocess.run([sys.executable, "-c", code, arguments], capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("", "")


def test_the_provider_imports_no_codec() -> None:
    code = "import sys, actors.providers.procedural; print(sorted({'numpy', 'PIL', 'av'} & set(sys.modules)))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
