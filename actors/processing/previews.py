"""The small pictures that stand for a file: thumbnail, poster, and the placeholder shown before either is there."""

from base64 import b64encode
from pathlib import Path

from PIL import Image

from actors.processing.colour import fitted
from actors.processing.thumbhash import thumbhash

THUMBNAIL_PIXELS = 512
POSTER_PIXELS = 1280
QUALITY = 80


def write_thumbnail(picture: Image.Image, scratch: Path) -> Path:
    """Write `thumbnail.webp`: the longer side has at most 512 pixels."""
    return _write(picture, THUMBNAIL_PIXELS, scratch / "thumbnail.webp")


def write_poster(picture: Image.Image, scratch: Path) -> Path:
    """Write `poster.webp`: the longer side has at most 1,280 pixels."""
    return _write(picture, POSTER_PIXELS, scratch / "poster.webp")


def placeholder(picture: Image.Image) -> str:
    """The picture's ThumbHash as base64 text."""
    return b64encode(thumbhash(picture)).decode()


def _write(picture: Image.Image, longest: int, file: Path) -> Path:
    size = fitted(picture.width, picture.height, longest)
    small = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
    small.save(file, "WEBP", quality=QUALITY, exif=b"", xmp=b"", icc_profile=b"")
    return file
