"""Exif's orientation, the one value of it that must outlive the rest: how to turn the picture upright."""

import struct

from PIL.Image import Transpose

ORIENTATION = 0x0112
SHORT = 3

# Exif 3.0 (CIPA DC-008) §4.6.5.1.6: what undoes each orientation.
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def orientation_of(exif: bytes) -> int:
    """The orientation, 1 to 8, in the first directory of `exif`; 1 where it is absent or damaged, as browsers do."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        return _find(tiff, order)
    except struct.error:  # it points beyond its end
        return 1


def _find(tiff: bytes, order: str) -> int:
    [directory] = struct.unpack_from(order + "I", tiff, 4)
    [count] = struct.unpack_from(order + "H", tiff, directory)
    for entry in range(count):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, directory + 2 + 12 * entry)
        if tag == ORIENTATION:
            return int(value) if kind == SHORT and value in UPRIGHT else 1
    return 1
