"""Uploaded videos: which streams they may have, copied without private metadata, and sampled for being decodable.

Every packet is read, so that a missing part shows. Decoding every frame would take a phone's 4K film many minutes of
processor time for little: decoded are the first second, and key frames spread over the rest. What is decoded
is the copy that is kept.
"""

from dataclasses import dataclass
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from actors.processing.bounds import Bounds
from actors.processing.ebml import check_segment
from actors.processing.ffmpeg import judging_ffmpeg, opened_video
from actors.processing.movies import check_movie
from actors.processing.refusal import Refused
from actors.processing.remuxing import read_all, remux
from actors.processing.samples import decode_sound, decode_video
from actors.processing.task import Processed, Task

MICROSECONDS = 1_000_000
TOTAL_PER_KNOWN_STREAMS = 4  # a phone adds tracks of sensor data, which are dropped unread

# What browsers play, and what cameras put beside it in QuickTime files.
VIDEO_CODECS = {
    "video/mp4": frozenset({"h264", "hevc", "vp9", "av1"}),
    "video/webm": frozenset({"vp8", "vp9", "av1"}),
    "video/quicktime": frozenset({"h264", "hevc"}),
}
AUDIO_CODECS = {
    "video/mp4": frozenset({"aac", "mp3", "opus", "flac", "alac"}),
    "video/webm": frozenset({"opus", "vorbis"}),
    "video/quicktime": frozenset({"aac", "mp3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"}),
}


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of a container that are kept."""

    video: VideoStream
    audio: tuple[AudioStream, ...]


def process_video(task: Task) -> Processed:
    """Copy the picture and sound of a video into a clean file, and decode samples of that."""
    if task.content_type == "video/webm":
        check_segment(task.file)
    else:
        check_movie(task.file, task.bounds, whole=not task.rewrites or task.keep_metadata)
    with judging_ffmpeg():
        file, seconds = _keep(task)
        return _sample(file, seconds, task)


def _keep(task: Task) -> tuple[Path, float]:
    """The file to keep, and its length in seconds as its packets have it."""
    with opened_video(task.file, task.content_type) as source:
        streams = _chosen(source, task)
        if task.keep_metadata or not task.rewrites:
            return task.file, read_all(source, streams.video, streams.audio, task.bounds)
        return task.rewritten, remux(source, streams.video, streams.audio, task)


def _chosen(source: InputContainer, task: Task) -> Streams:
    """The one video stream and the sound. Refuses by number, codec, duration and size. Others are left out."""
    bounds = task.bounds
    known = [stream for stream in source.streams if stream.type in {"video", "audio", "subtitle"}]
    if len(known) > bounds.streams or len(source.streams) > bounds.streams * TOTAL_PER_KNOWN_STREAMS:
        raise Refused("too_many_streams")
    video = [stream for stream in source.streams.video if not stream.disposition & Disposition.attached_pic]
    if len(video) != 1:
        raise Refused("too_many_streams" if video else "no_video")
    audio = tuple(stream for stream in source.streams.audio if _has_codec(stream))
    _check_codecs(video[0], audio, task.content_type)
    if (source.duration or 0) > bounds.video_seconds * MICROSECONDS:
        raise Refused("too_long")
    _check_picture(video[0].codec_context.width, video[0].codec_context.height, bounds)
    return Streams(video[0], audio)


def _has_codec(stream: VideoStream | AudioStream) -> bool:
    """False for what FFmpeg does not know, such as the spatial sound that iPhones add: nobody could play it."""
    return stream.codec_context is not None


def _check_codecs(video: VideoStream, audio: tuple[AudioStream, ...], content_type: str) -> None:
    if not _has_codec(video) or video.codec_context.codec.canonical_name not in VIDEO_CODECS[content_type]:
        raise Refused("codec")
    if any(stream.codec_context.codec.canonical_name not in AUDIO_CODECS[content_type] for stream in audio):
        raise Refused("codec")


def _check_picture(width: int, height: int, bounds: Bounds) -> None:
    if width * height > bounds.video_pixels:
        raise Refused("too_many_pixels")


def _sample(file: Path, seconds: float, task: Task) -> Processed:
    """Decode parts of the file that is kept."""
    with opened_video(file, task.content_type) as kept:
        streams = _chosen(kept, task)
        duration = kept.duration / MICROSECONDS if kept.duration is not None else seconds
        shown = decode_video(kept, streams.video, duration, task.bounds)
        for stream in streams.audio:
            decode_sound(kept, stream)
        return Processed(file, "video", shown.width, shown.height, round(duration, 3), shown.picture)
