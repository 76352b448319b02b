"""A finished picture as a PNG file that says what it is, written under another name until it is whole."""

from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from actors.rendering.colour import Bytes

COMPRESS_LEVEL = 4
SOFTWARE = "media-pipeline procedural renderer"
NOTICE = "Procedural placeholder computed from noise. No generative model was involved."


def write_png(pixels: Bytes, file: Path, *, seed: int) -> None:
    """Write (h, w, 3) sRGB bytes. The prompt stays out: a file travels further than its owner may think."""
    info = PngInfo()
    info.add_text("Software", SOFTWARE)
    info.add_text("Source", "procedural/image")
    info.add_text("Comment", NOTICE)
    info.add_text("Seed", str(seed))
    unfinished = file.with_name(f".{file.name}.part")
    Image.fromarray(pixels).save(unfinished, format="PNG", compress_level=COMPRESS_LEVEL, pnginfo=info)
    unfinished.replace(file)
