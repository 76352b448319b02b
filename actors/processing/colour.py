"""Any decoded picture as a small one in sRGB, 8 bits per channel, with or without alpha."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N")  # one channel of 16 bits


def shrunk(image: Image.Image, longest: int) -> Image.Image:
    """A copy in RGB or RGBA and sRGB whose longer side has at most `longest` pixels; never enlarged."""
    size = fitted(image.width, image.height, longest)
    if image.mode in DEEP_MODES:  # Pillow has no reducing of them, and cuts them off at 255 when it converts
        deep = np.asarray(image.resize(size, Image.Resampling.BOX))
        small = Image.fromarray((deep.clip(0, 65_535) >> 8).astype(np.uint8))
    else:
        small = _resizable(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    return to_srgb(small, image.info.get("icc_profile"))


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size scaled so that neither exceeds `longest`, each at least 1."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in RGB or RGBA; colours converted where `profile` is an ICC profile that suits them."""
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    opaque = image.convert("L" if image.mode in {"L", "LA"} else "RGB") if image.mode != "CMYK" else image
    converted = _convert(opaque, profile) if profile else opaque
    rgb = converted.convert("RGB")
    if alpha:
        rgb.putalpha(alpha)
    return rgb


def _resizable(image: Image.Image) -> Image.Image:
    """Palettes and colour keys become channels first, for neither can be averaged."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode in {"1", "P", "PA"} else image


def _convert(image: Image.Image, profile: bytes) -> Image.Image:
    """A profile that is damaged, or made for another kind of picture, is ignored as browsers do."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image
