"""The small pictures that stand for a file: thumbnail, poster, and the placeholder shown before either is there."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

from PIL import Image

from actors.processing.colour import fitted
from actors.processing.thumbhash import thumbhash

THUMBNAIL_PIXELS = 512
POSTER_PIXELS = 1280
QUALITY = 80


def thumbnail(picture: Image.Image) -> bytes:
    """A WebP whose longer side has at most 512 pixels; so small that it needs no file on its way."""
    file = BytesIO()
    _write(picture, THUMBNAIL_PIXELS, file)
    return file.getvalue()


def write_poster(picture: Image.Image, scratch: Path) -> Path:
    """Write `poster.webp`: the longer side has at most 1,280 pixels."""
    file = scratch / "poster.webp"
    _write(picture, POSTER_PIXELS, file)
    return file


def placeholder(picture: Image.Image) -> str:
    """The picture's ThumbHash as base64 text."""
    return b64encode(thumbhash(picture)).decode()


def _write(picture: Image.Image, longest: int, file: Path | BytesIO) -> None:
    size = fitted(picture.width, picture.height, longest)
    small = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
    small.save(file, "WEBP", quality=QUALITY, exif=b"", xmp=b"", icc_profile=b"")
