"""Uploaded pictures: cleaned of what is not picture, decoded to the last pixel and frame, turned upright."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin

from actors.processing.avif import strip_avif
from actors.processing.colour import shrunk
from actors.processing.cut_jpegs import is_cut
from actors.processing.exif import ORIENTATION, UPRIGHT
from actors.processing.gif import strip_gif
from actors.processing.jpeg import strip_jpeg
from actors.processing.pillow import FORMATS, decode_frames, opened_image, strict_pillow
from actors.processing.png import strip_png
from actors.processing.previews import POSTER_PIXELS
from actors.processing.refusal import Refused
from actors.processing.stripping import Stripped
from actors.processing.task import Processed, Task
from actors.processing.webp import is_lossless, strip_webp

QUALITY = 95
WEBP_METHOD = 2  # a third of the time of the default
STRAIGHT = frozenset({Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180})


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture's size as displayed, a small upright one of it, and all of it upright where it must be written anew."""

    size: tuple[int, int]
    picture: Image.Image
    upright: Image.Image | None
    options: dict[str, Any]


def process_image(task: Task) -> Processed:
    """Make the picture's clean file, and decode that file: what is kept is what was checked.

    Nothing is encoded anew unless Exif says that the picture lies on its side. An animation is never turned.
    """
    stripped = _strip(task)
    file = _keep(task, stripped.data)
    with strict_pillow(task.bounds):
        decoded = _decode(file, stripped, task)
        if decoded.upright:
            file = _write_upright(decoded.upright, decoded.options, task)
    return Processed(file, "image", *decoded.size, None, decoded.picture)


def _strip(task: Task) -> Stripped:
    """The file's clean bytes. They are only judged, not used, where the file is kept as it is."""
    data = task.file.read_bytes()
    keep = task.keep_metadata or not task.rewrites
    match task.content_type:
        case "image/jpeg":
            return strip_jpeg(data, keep_metadata=keep)
        case "image/png":
            return strip_png(data, task.bounds, keep_metadata=keep)
        case "image/webp":
            return strip_webp(data, task.bounds, keep_metadata=keep)
        case "image/gif":
            return strip_gif(data, task.bounds, keep_metadata=keep)
        case _:
            return strip_avif(data, keep_metadata=keep)


def _keep(task: Task, data: bytes) -> Path:
    if not task.rewrites or data == task.file.read_bytes():
        return task.file
    task.rewritten.write_bytes(data)
    return task.rewritten


def _decode(file: Path, stripped: Stripped, task: Task) -> Decoded:
    with opened_image(file, task.content_type, task.bounds) as image:
        image.load()
        if task.content_type == "image/jpeg" and is_cut(image, stripped.data):
            raise Refused("truncated")
        picture, size = shrunk(image, POSTER_PIXELS), image.size
        turn = UPRIGHT.get(_orientation(image, stripped, task))
        if decode_frames(image, task.bounds) > 1 or turn is None:
            return Decoded(size, picture, None, {})
        is_rewritten = stripped.orientation != 1 and task.rewrites and not task.keep_metadata
        upright = image.transpose(turn) if is_rewritten else None
        size = size if turn in STRAIGHT else (size[1], size[0])
        return Decoded(size, picture.transpose(turn), upright, _options(image, stripped, task))


def _orientation(image: Image.Image, stripped: Stripped, task: Task) -> int:
    """AVIF's rotation is its own and stays in the file; Pillow tells it in Exif's terms."""
    if task.content_type == "image/avif":
        return int(image.getexif().get(ORIENTATION, 1))
    return stripped.orientation


def _options(image: Image.Image, stripped: Stripped, task: Task) -> dict[str, Any]:
    """How to encode the upright picture: with its profile and the compression that it had."""
    options = {"icc_profile": image.info.get("icc_profile"), "quality": QUALITY}
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return options | {"subsampling": max(0, JpegImagePlugin.get_sampling(image))}
    if task.content_type == "image/webp":
        return options | {"lossless": is_lossless(stripped.data), "exact": True, "method": WEBP_METHOD}
    return options


def _write_upright(upright: Image.Image, options: dict[str, Any], task: Task) -> Path:
    """Encode the turned picture, and look at the file once more. By now the decoder's memory is free again."""
    unfinished = task.rewritten.with_suffix(".part")
    upright.save(unfinished, FORMATS[task.content_type], **options)
    with opened_image(unfinished, task.content_type, task.bounds) as written:
        if written.size != upright.size:
            raise Refused("undecodable")
    unfinished.replace(task.rewritten)
    return task.rewritten
