"""Frames into an H.264 MP4 file that says what it is, one by one, under another name until the file is whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import av.logging

from actors.rendering.colour import Bytes
from actors.rendering.files import NOTICE

QUALITY = 20  # of libx264, from 0 (lossless) to 51
PRESET = "veryfast"
LOOK_AHEAD_FRAMES = 3  # with more, files get no smaller, and the encoder works in fits and starts
KEY_FRAME_SECONDS = 2  # how far apart, at most, the places are that a player can jump to
BT709, LIMITED = 1, 1  # ITU-T H.273

# One thread: the number of threads changes what libx264 writes. Bit-exact: neither the time nor a version is written.
CODEC_OPTIONS = {"preset": PRESET, "crf": str(QUALITY), "rc-lookahead": str(LOOK_AHEAD_FRAMES), "bf": "2", "subq": "1"}
CONTAINER_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}

av.logging.set_level(av.logging.ERROR)


class Encoder:
    """Takes the frames of one video in order."""

    def __init__(self, container: av.container.OutputContainer, width: int, height: int, fps: int) -> None:
        self._container, self._fps, self._count = container, fps, 0
        stream = container.add_stream("libx264", rate=fps, options=dict(CODEC_OPTIONS))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.thread_count, context.gop_size = 1, fps * KEY_FRAME_SECONDS
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        self._stream = stream

    def add(self, packed: Bytes) -> None:
        """Encode YUV 4:2:0 bytes, shape (height * 3 / 2, width)."""
        frame = av.VideoFrame.from_ndarray(packed, format="yuv420p")
        frame.pts, frame.time_base = self._count, Fraction(1, self._fps)
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> Iterator[None]:
        """Encode what was held back: to be exhausted after the last frame. Yields after each frame of it."""
        for packet in self._stream.codec_context.encode_lazy(None):
            packet.stream = self._stream
            self._container.mux(packet)
            yield


@contextmanager
def encoding(file: Path, *, width: int, height: int, fps: int, seed: int) -> Iterator[Encoder]:
    """Write `file`; it is there once the context was left without an exception. The encoder must be finished by then.

    The prompt stays out: a file travels further than its owner may think.
    """
    unfinished = file.with_name(f".{file.name}.part")
    try:
        with av.open(str(unfinished), "w", format="mp4", options=dict(CONTAINER_OPTIONS)) as container:
            container.metadata["comment"] = f"{NOTICE} Source: procedural/video. Seed: {seed}."
            yield Encoder(container, width, height, fps)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
