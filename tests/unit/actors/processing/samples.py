"""Media files that the tests make themselves: valid ones of every type, and what an attacker would send instead."""

import struct
import zlib
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from actors.processing.exif import ORIENTATION

SIZE = (80, 60)
GPS = 0x8825
SECRET = "Acme Phone 7"
LOCATION = "+48.8577+002.2950/"
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
}
VIDEOS = {
    "video/mp4": ("mp4", "libx264", "aac"),
    "video/webm": ("webm", "libvpx", "libopus"),
    "video/quicktime": ("mov", "libx264", "aac"),
}


def picture(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """Red in the upper left corner, blue in the lower right, green growing to the right."""
    width, height = size
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([255 * (1 - across) * (1 - down), 160 * across, 255 * across * down], -1)
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def image(content_type: str, source: Image.Image | None = None, **options: Any) -> bytes:
    """A still picture as a file; `options` are Pillow's."""
    out = BytesIO()
    (source or picture()).save(out, FORMATS[content_type], **options)
    return out.getvalue()


def animation(content_type: str, frames: int = 3, **options: Any) -> bytes:
    """A picture whose corner changes from frame to frame, endless unless `loop` says otherwise."""
    pictures = [picture() for _ in range(frames)]
    for number, each in enumerate(pictures):
        each.paste((250 - 70 * number % 250, 40 * number % 250, 90), (0, 0, 40, 30))
    more = {"save_all": True, "append_images": pictures[1:], "duration": 100, "loop": 0}
    return image(content_type, pictures[0], **(more | options))


def exif(orientation: int) -> Image.Exif:
    """Where and with what a photograph was taken."""
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[0x010F] = SECRET
    tags.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 27.0), 3: "E", 4: (2.0, 17.0, 42.0)})
    return tags


def xmp() -> bytes:
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()


def display_profile() -> bytes:
    """An ICC profile of sRGB, as bytes."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png_text() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", SECRET)
    info.add_text("Author", SECRET, zip=True)
    info.add_itxt("XML:com.adobe.xmp", xmp().decode(), zip=True)
    return info


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, pixels: bytes | None = None) -> bytes:
    """An 8 bit grey PNG by hand: `chunks` come before the picture data, by default the right amount of black."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    packed = zlib.compress(bytes(height * (width + 1)), 1) if pixels is None else pixels
    parts = [b"\x89PNG\r\n\x1a\n", header, *chunks, png_chunk(b"IDAT", packed), png_chunk(b"IEND", b"")]
    return b"".join(parts)


def zeros(mebibytes: int) -> bytes:
    """That many MiB of zeros in a zlib stream, a thousandth as long."""
    packing = zlib.compressobj(9)
    return b"".join(packing.compress(bytes(1 << 20)) for _ in range(mebibytes)) + packing.flush()


def huge_png() -> bytes:
    """30,000 x 30,000 pixels in some 100 KB."""
    return png(30_000, 30_000, pixels=zeros(100))


def gif(frames: int, *, size: tuple[int, int] = (8, 8), frame: tuple[int, int] = (1, 1)) -> bytes:
    """A GIF by hand whose frames are one grey pixel each, unless they claim to be larger."""
    screen = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\x80\x80\x80"
    each = b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02L\x01\x00"
    return screen + each * frames + b";"


def many_chunks(number: int) -> bytes:
    """A WebP that has so many empty chunks behind its picture."""
    body = image("image/webp")[8:] + b"none\0\0\0\0" * number
    return b"RIFF" + struct.pack("<I", len(body)) + body


def video(content_type: str, seconds: float = 1.2, **options: Any) -> bytes:
    """A video with sound as a file. Options: size, rotation, metadata, stream_metadata, codec, pixels, sounds."""
    name, codec, sound = VIDEOS[content_type]
    out = BytesIO()
    with av.open(out, "w", format=name) as target:
        target.metadata.update(options.get("metadata", {}))
        stream = target.add_stream(options.get("codec", codec), rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = options.get("size", (96, 64))
        stream.pix_fmt = options.get("pixels", "yuv420p")
        stream.metadata.update(options.get("stream_metadata", {}))
        if "rotation" in options:
            stream.set_display_rotation(options["rotation"])
        sounds = [target.add_stream(sound, rate=48_000, layout="mono") for _ in range(options.get("sounds", 1))]
        _write_frames(target, stream, round(25 * seconds))
        for each in sounds:
            assert isinstance(each, av.AudioStream)
            _write_sound(target, each, seconds)
    return out.getvalue()


def _write_frames(target: Any, stream: av.VideoStream, count: int) -> None:
    source = picture((stream.width, stream.height))
    frame = av.VideoFrame.from_ndarray(np.asarray(source))
    for number in range(count):
        frame.pts = number
        target.mux(stream.encode(frame))
    target.mux(stream.encode())


def _write_sound(target: Any, stream: av.AudioStream, seconds: float) -> None:
    silence = np.zeros((1, 960), np.float32)
    for number in range(int(seconds * 50)):
        frame = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
        frame.rate, frame.pts, frame.time_base = 48_000, 960 * number, Fraction(1, 48_000)
        target.mux(stream.encode(frame))
    target.mux(stream.encode())


def claiming_mp4(samples: int) -> bytes:
    """An MP4 of a few hundred bytes whose one track claims `samples` pictures of one byte."""
    real = video("video/mp4", 0.2, sounds=0)
    at = real.index(b"stsz") + 8
    return real[:at] + struct.pack(">II", 1, samples) + real[at + 8 :]


@cache
def sample_of(content_type: str) -> bytes:
    """A valid file of this type, with what it may hold of metadata."""
    if content_type in VIDEOS:
        return video(content_type, metadata={"location": LOCATION, "make": SECRET, "comment": SECRET})
    options: dict[str, Any] = {"exif": exif(1), "xmp": xmp()} if content_type != "image/gif" else {"comment": SECRET}
    return image(content_type, **options)


def write(directory: Path, data: bytes, name: str = "upload") -> Path:
    file = directory / name
    file.write_bytes(data)
    return file
