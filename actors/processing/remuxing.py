"""A video's packets, one by one: counted, checked for gaps, and copied into a new file that has nothing else."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.stream import VideoStream

from actors.processing.bounds import Bounds
from actors.processing.refusal import Refused
from actors.processing.task import Task

MUXERS = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm"}
PACKETS_PER_PICTURE = 5  # sound has up to 400 packets a second
HEVC_TAGS = frozenset({"hvc1", "hev1"})  # where the parameter sets are: a player that expects the other shows nothing


def read_all(source: InputContainer, video: VideoStream, audio: Sequence[AudioStream], bounds: Bounds) -> float:
    """Read every packet of these streams and return the video's length in seconds."""
    counter = _Counter(video, bounds)
    for packet in _packets(source, [video, *audio]):
        counter.count(packet)
    return counter.seconds()


def remux(source: InputContainer, video: VideoStream, audio: Sequence[AudioStream], task: Task) -> float:
    """Copy every packet of these streams to `task.rewritten`, and return the video's length in seconds.

    Only language and display rotation go with them. `bitexact` keeps FFmpeg's version, the time and random numbers
    out, so that the same upload gives the same file; `faststart` puts the index first, so that playing can begin.
    """
    counter, decode_times = _Counter(video, task.bounds), _DecodeTimes()
    options = {"fflags": "+bitexact"} | ({} if task.content_type == "video/webm" else {"movflags": "+faststart"})
    with av.open(str(task.rewritten.absolute()), "w", format=MUXERS[task.content_type], options=options) as target:
        streams: list[VideoStream | AudioStream] = [video, *audio]
        copies = {stream.index: _copied(target, stream) for stream in streams}
        for packet in _packets(source, streams):
            counter.count(packet)
            decode_times.settle(packet)
            packet.stream = copies[packet.stream_index]
            target.mux_one(packet)
        return counter.seconds()


def _copied(target: OutputContainer, stream: VideoStream | AudioStream) -> VideoStream | AudioStream:
    copy = target.add_stream_from_template(stream, opaque=True)  # the decoder's context: there need be no encoder
    if stream.language:
        copy.metadata["language"] = stream.language
    if stream.codec_context.codec_tag in HEVC_TAGS:
        copy.codec_context.codec_tag = stream.codec_context.codec_tag
    return copy


def _packets(source: InputContainer, streams: Sequence[Stream]) -> "Iterator[Packet[Stream]]":
    """The packets of these streams. Refuses one that the file holds but a part of (`AV_PKT_FLAG_CORRUPT`)."""
    kept = {stream.index for stream in streams}
    for stream in source.streams:
        if stream.index not in kept:
            stream.discard = Discard.all
    for packet in source.demux(tuple(streams)):
        if packet.is_corrupt:
            raise Refused("truncated")
        if packet.size:  # at the end an empty one for each stream asks decoders for their last frames
            yield packet


class _DecodeTimes:
    """Decoding times that increase within each stream, as muxers demand and samples of no duration violate."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def settle(self, packet: "Packet[Stream]") -> None:
        time = packet.pts if packet.dts is None else packet.dts
        if time is None:
            raise Refused("undecodable")
        last = self._last.get(packet.stream_index)
        packet.dts = time if last is None else max(time, last + 1)
        packet.pts = packet.dts if packet.pts is None else max(packet.pts, packet.dts)
        self._last[packet.stream_index] = packet.dts


class _Counter:
    """Refuses the packet that is one too many, or too late."""

    def __init__(self, video: VideoStream, bounds: Bounds) -> None:
        self._video = video.index
        self._bounds = bounds
        self._packets = 0
        self._pictures = 0
        self._first: Fraction | None = None
        self._last = Fraction(0)

    def count(self, packet: "Packet[Stream]") -> None:
        self._packets += 1
        if self._packets > self._bounds.video_frames * PACKETS_PER_PICTURE:
            raise Refused("too_many_frames")
        if packet.stream_index == self._video:
            self._pictures += 1
            if self._pictures > self._bounds.video_frames:
                raise Refused("too_many_frames")
            self._measure(packet)

    def seconds(self) -> float:
        """From the first picture to the end of the last."""
        if not self._pictures:
            raise Refused("no_video")
        return float(self._last - (self._first or 0))

    def _measure(self, packet: "Packet[Stream]") -> None:
        if packet.pts is None or packet.time_base is None:
            return
        begin = packet.pts * Fraction(packet.time_base)
        self._first = begin if self._first is None else min(self._first, begin)
        self._last = max(self._last, begin + (packet.duration or 0) * Fraction(packet.time_base))
        if self._last - self._first > self._bounds.video_seconds:
            raise Refused("too_long")
