"""FFmpeg as an opener of hostile files: one demuxer, no other file, no network, few decoders."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
import av.logging
from av.container import InputContainer

from actors.processing.refusal import NOT_THE_FILES_FAULT, Reason, Refused, where

BUFFER_BYTES = 1 << 20
DEMUXERS = {
    "video/mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "video/quicktime": "mov,mp4,m4a,3gp,3g2,mj2",
    "video/webm": "matroska,webm",
}
# FFmpeg's names of decoders. It decodes a little of every stream while it opens a file, whatever that holds.
DECODERS = "h264,hevc,vp8,vp9,libdav1d,av1,aac,mp3,mp3float,opus,libopus,vorbis,flac,alac"


@contextmanager
def opened_video(file: Path, content_type: str) -> Iterator[InputContainer]:
    """The container of `file`, which FFmpeg sees as a stream of bytes without a name.

    So it cannot follow references to other files (QuickTime's `dref`, playlists), which its options forbid, too.
    """
    av.logging.set_level(None)  # a file's strings must not reach the log
    demuxer = DEMUXERS[content_type]
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "codec_whitelist": DECODERS,
        "max_streams": "100",
    }
    if content_type != "video/webm":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    with (
        file.open("rb") as stream,
        av.open(
            stream,
            "r",
            format=demuxer.split(",")[0],
            options=options,
            metadata_errors="replace",
            buffer_size=BUFFER_BYTES,
            io_open=_refuse_to_open,
        ) as container,
    ):
        yield container


@contextmanager
def judging_ffmpeg() -> Iterator[None]:
    """FFmpeg's errors as a verdict on the file, but for a full disk and the like.

    Its EIO means that a read came back short, not that the disk is broken: the file was read through before.
    """
    try:
        yield
    except av.error.FFmpegError as exc:
        if exc.errno in NOT_THE_FILES_FAULT and exc.errno != errno.EIO:
            raise
        raise Refused(_reason(exc), where(exc)) from exc


def _reason(exc: av.error.FFmpegError) -> Reason:
    if isinstance(exc, MemoryError):
        return "memory"
    if exc.errno == errno.EFBIG:
        return "too_large"
    return "truncated" if isinstance(exc, OSError | EOFError) else "undecodable"


def _refuse_to_open(*_: object) -> None:
    raise PermissionError("a video may not refer to another file")
