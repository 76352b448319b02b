"""Pillow as a decoder of hostile pictures: one format, bounds before decoding, every frame, every warning an error."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import AvifImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from actors.processing.bounds import Bounds
from actors.processing.png import MAX_INFLATED_BYTES, MAX_INFLATED_BYTES_TOGETHER
from actors.processing.refusal import Refused

# A file is opened as one of these alone, whatever else it could be. Importing the modules registers them.
FORMATS = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/gif": GifImagePlugin.GifImageFile.format,
    "image/avif": AvifImagePlugin.AvifImageFile.format,
}
# What saving a picture would load at its first time, which in a fork is every time.
Image.preinit()


@contextmanager
def strict_pillow(bounds: Bounds) -> Iterator[None]:
    """Pillow with our bounds and one thread. Its settings are global: they are put back, for tests run this, too."""
    saved = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    threads = AvifImagePlugin.DEFAULT_MAX_THREADS
    Image.MAX_IMAGE_PIXELS = bounds.image_pixels
    PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = MAX_INFLATED_BYTES, MAX_INFLATED_BYTES_TOGETHER
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as exc:
        raise Refused("too_many_pixels") from exc
    finally:
        Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = saved
        AvifImagePlugin.DEFAULT_MAX_THREADS = threads


@contextmanager
def opened_image(file: Path, content_type: str, bounds: Bounds) -> Iterator[Image.Image]:
    """The picture before anything of it is decoded, its size within bounds."""
    with Image.open(file, formats=[FORMATS[content_type]]) as image:
        _check_size(image, bounds)
        yield image


def decode_frames(image: Image.Image, bounds: Bounds) -> int:
    """Decode every frame, one at a time, and return how many there are. Leaves `image` at the last one."""
    frames, pixels = 1, image.width * image.height
    image.load()
    while _next_frame(image, frames):
        frames += 1
        pixels += image.width * image.height
        if frames > bounds.frames:
            raise Refused("too_many_frames")
        if pixels > bounds.animation_pixels:
            raise Refused("too_many_pixels")
        image.load()
        _check_size(image, bounds)  # a frame of a GIF may enlarge the canvas
    return frames


def _check_size(image: Image.Image, bounds: Bounds) -> None:
    if image.width * image.height > bounds.image_pixels:
        raise Refused("too_many_pixels")


def _next_frame(image: Image.Image, number: int) -> bool:
    try:
        image.seek(number)
    except EOFError:
        return False
    return True
