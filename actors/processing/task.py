"""What the child is asked to do with one file, and what comes of it before previews are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from PIL import Image

from actors.processing.bounds import Bounds

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One file to process. With `rewrites` it may be replaced by a clean one, else it is kept as it is."""

    file: Path
    content_type: str
    bounds: Bounds
    scratch: Path
    keep_metadata: bool
    rewrites: bool

    @classmethod
    def of(cls, arguments: Mapping[str, Any], *, rewrites: bool) -> Self:
        """The task in a message's `file`, `content_type`, `scratch`, and optional `bounds` and `keep_metadata`."""
        return cls(
            file=Path(arguments["file"]),
            content_type=arguments["content_type"],
            bounds=Bounds(**arguments.get("bounds", {})),
            scratch=Path(arguments["scratch"]),
            keep_metadata=arguments.get("keep_metadata", False),
            rewrites=rewrites,
        )

    @property
    def rewritten(self) -> Path:
        """Where the clean file goes."""
        return self.scratch / f"processed.{EXTENSIONS[self.content_type]}"


@dataclass(frozen=True, slots=True)
class Processed:
    """The file to keep, its measures as displayed, and a small upright picture of it in sRGB (RGB or RGBA)."""

    file: Path
    kind: Literal["image", "video"]
    width: int
    height: int
    duration_seconds: float | None
    picture: Image.Image
