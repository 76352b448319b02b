"""What a file is by its first bytes, whatever it is called: one of the accepted types, or nothing that we take."""

import struct

from actors.processing.ebml import doctype

HEAD_BYTES = 4096
COMPATIBLE_BRANDS_AT = 16

# ISO/IEC 14496-12 §4.3 and the registry at mp4ra.org. A brand that is not here may still be one of a file's compatible
# brands, which are looked at next.
AVIF_BRANDS = frozenset({b"avif", b"avis"})
QUICKTIME_BRANDS = frozenset({b"qt  "})
OTHER_IMAGE_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"crx ", b"jp2 "}
)
MP4_BRANDS = frozenset(
    {b"isom", *(b"iso%c" % digit for digit in b"23456789abc"), b"mp41", b"mp42", b"mp71", b"avc1", b"av01", b"dash"}
    | {b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"XAVC", b"msdh", b"cmfc", b"cmf2", b"f4v ", b"3gp4", b"3gp5", b"3gp6"}
)  # fmt: skip

# QuickTime File Format, "Movie atoms": files older than `ftyp` begin with one of these.
OLD_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide"})


def sniff(head: bytes) -> str | None:
    """The accepted type whose signature begins `head` (the first `HEAD_BYTES` of a file), or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if doctype(head) == b"webm" else None
    return _sniff_boxes(head)


def _sniff_boxes(head: bytes) -> str | None:
    if head[4:8] in OLD_QUICKTIME_ATOMS:
        return "video/quicktime"
    if head[4:8] != b"ftyp":
        return None
    [size] = struct.unpack_from(">I", head)
    if not COMPATIBLE_BRANDS_AT <= size <= len(head):
        return None
    return _by_brands(head[8:12], {head[at : at + 4] for at in range(COMPATIBLE_BRANDS_AT, size - 3, 4)})


def _by_brands(major: bytes, compatible: set[bytes]) -> str | None:
    """The major brand decides; one that tells nothing leaves it to the compatible ones."""
    if major in QUICKTIME_BRANDS:
        return "video/quicktime"
    if major in MP4_BRANDS:
        return "video/mp4"
    if major in AVIF_BRANDS or (major in {b"mif1", b"msf1"} and compatible & AVIF_BRANDS):
        return "image/avif"
    if major in OTHER_IMAGE_BRANDS:
        return None
    return "video/mp4" if compatible & MP4_BRANDS else None
