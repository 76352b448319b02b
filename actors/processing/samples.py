"""Parts of a video, decoded: proof that it is one, its size as displayed, and the frame that stands for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import dropwhile, islice

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from actors.processing.bounds import Bounds
from actors.processing.colour import fitted
from actors.processing.previews import POSTER_PIXELS
from actors.processing.refusal import Refused

FIRST_SECONDS = 1.0
FIRST_FRAMES = 60
FIRST_PIXELS = 250_000_000  # about 30 frames of 4K, 7 of 8K
KEY_FRAMES = 8
MOST_PACKETS = 300  # that are read for a frame: more without one are no video
SOUND_PACKETS = 50
SLACK = 2  # decoders count the padding of a frame, too
STEEPEST_PIXEL = 4  # shapes of pixels beyond 1:4 are nonsense, not an old television format
UNIFORM = 8  # standard deviation of grey, of 255, below which a frame is as good as blank


@dataclass(frozen=True, slots=True)
class Shown:
    """A video's size as displayed, and an upright frame of it, at most `POSTER_PIXELS` long, in RGB."""

    width: int
    height: int
    picture: Image.Image


def decode_video(container: InputContainer, stream: VideoStream, seconds: float, bounds: Bounds) -> Shown:
    """Decode the first second and up to eight later key frames; show the first of them that is not blank."""
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": str(bounds.video_pixels * SLACK)}
    first, chosen = None, None
    for frame in (*_candidates(container, stream, seconds, bounds),):
        first = first or frame
        chosen = chosen or (frame if _varied(frame.picture) else None)
    if first is None:
        raise Refused("undecodable")
    return Shown(first.width, first.height, (chosen or first).picture)


def decode_sound(container: InputContainer, stream: AudioStream) -> None:
    """Decode the beginning of a sound stream, about a second."""
    stream.codec_context.thread_count = 1
    container.seek(0)
    for packet in islice(container.demux(stream), SOUND_PACKETS):
        packet.decode()


def _candidates(container: InputContainer, stream: VideoStream, seconds: float, bounds: Bounds) -> Iterator[Shown]:
    """The first frame, having decoded those after it, then a key frame of each part of the rest."""
    for number, frame in enumerate(_frames(container, stream)):
        _check(frame, bounds)
        if not number:
            yield _shown(frame, stream)
        late = (frame.time or 0) > FIRST_SECONDS or number * frame.width * frame.height > FIRST_PIXELS
        if late or number == FIRST_FRAMES:
            break
    for part in range(1, KEY_FRAMES + 1):
        at = seconds * part / (KEY_FRAMES + 1)
        if at > FIRST_SECONDS and (found := _frame_at(container, stream, at)):
            _check(found, bounds)
            yield _shown(found, stream)


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames from the next key frame on. What precedes it, after a careless cut, no decoder can show."""
    packets = dropwhile(lambda packet: not packet.is_keyframe, container.demux(stream))
    for packet in islice(packets, MOST_PACKETS):
        yield from packet.decode()


def _frame_at(container: InputContainer, stream: VideoStream, seconds: float) -> VideoFrame | None:
    """The key frame at or before a time; None where the file has no index to find it by."""
    try:
        container.seek(int(seconds * av.time_base))
    except av.error.FFmpegError:
        return None
    return next(_frames(container, stream), None)


def _check(frame: VideoFrame, bounds: Bounds) -> None:
    if frame.width * frame.height > bounds.video_pixels:
        raise Refused("too_many_pixels")


def _shown(frame: VideoFrame, stream: VideoStream) -> Shown:
    """The frame with square pixels, turned as the container says: `rotation` is in degrees counter-clockwise."""
    width, height = _square(frame.width, frame.height, stream.sample_aspect_ratio)
    across, down = fitted(width, height, POSTER_PIXELS)
    small = frame.reformat(across, down, "rgb24", interpolation="AREA")
    picture = Image.fromarray(small.to_ndarray())
    turn = TURNS.get(frame.rotation % 360)
    if turn is None:
        return Shown(width, height, picture)
    size = (width, height) if turn is Image.Transpose.ROTATE_180 else (height, width)
    return Shown(*size, picture.transpose(turn))


TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def _square(width: int, height: int, shape: Fraction | None) -> tuple[int, int]:
    """The size at which a player shows pixels of this shape (width : height): as wide as it takes, never squeezed."""
    if not shape or not Fraction(1, STEEPEST_PIXEL) <= shape <= STEEPEST_PIXEL:
        return width, height
    return max(1, round(width * shape)), height


def _varied(picture: Image.Image) -> bool:
    return ImageStat.Stat(picture.convert("L")).stddev[0] >= UNIFORM
