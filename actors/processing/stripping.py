"""What the cleaners of image files share: each takes a file's bytes and gives those that are part of the picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stripped:
    """A file's bytes without metadata and without anything behind its end, and the Exif orientation it had (1 to 8)."""

    data: bytes
    orientation: int = 1
