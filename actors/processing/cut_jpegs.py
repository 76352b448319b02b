"""JPEG files whose data end too early and whose end marker is there all the same.

A decoder pads what it lacks with zeros and tells nobody (libjpeg's JWRN_HIT_MARKER, which Pillow does not pass on): the
rest of the picture becomes grey. More data in front of the end marker change such a picture, and no other.
"""

from io import BytesIO

from PIL import Image

MIDDLE = frozenset({127, 128})  # of the range of a channel: what is padded; 127 where it is stored inverted
MORE = bytes(range(1, 255)) * 16  # neither a marker nor zeros
EIGHTH = (1, 1)  # Pillow takes the smallest scale that libjpeg has


def is_cut(image: Image.Image, data: bytes) -> bool:
    """Whether a part of its scan is missing in `data`: a whole file with its end marker, decoded as `image`."""
    if not MIDDLE.issuperset(_last_pixel(image)):
        return False
    end = data.rindex(b"\xff\xd9")
    return _reduced(data) != _reduced(data[:end] + MORE + data[end:])


def _last_pixel(image: Image.Image) -> tuple[int, ...]:
    """The channels of the pixel that is coded last."""
    corner = image.crop((image.width - 1, image.height - 1, image.width, image.height))
    return tuple(corner.tobytes())


def _reduced(data: bytes) -> bytes:
    """The pixels at an eighth of the size, for which all of the data is read, too."""
    with Image.open(BytesIO(data), formats=["JPEG"]) as image:
        image.draft(image.mode, EIGHTH)
        return image.tobytes()
