"""What a file is by its first bytes."""

import struct

import pytest

from actors.processing.bounds import ACCEPTED_TYPES
from actors.processing.signatures import HEAD_BYTES, sniff
from tests.unit.actors.processing import samples


def brands(major: bytes, *compatible: bytes) -> bytes:
    names = b"".join(compatible)
    return struct.pack(">I4s4sI", 16 + len(names), b"ftyp", major, 0) + names + bytes(100)


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
def test_every_accepted_type_is_known(content_type: str) -> None:
    assert sniff(samples.sample_of(content_type)[:HEAD_BYTES]) == content_type


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (brands(b"mif1", b"avif", b"miaf"), "image/avif"),
        (brands(b"mif1", b"heic"), None),
        (brands(b"heic", b"mif1"), None),
        (brands(b"mp42", b"isom"), "video/mp4"),
        (brands(b"NDSC", b"mp42"), "video/mp4"),
        (brands(b"NDSC", b"abcd"), None),
        (brands(b"qt  ", b"mp42"), "video/quicktime"),
        (b"\0\0\0\x08wide\0\0\1\0mdat", "video/quicktime"),
        (b"\0\0\0\x08ftypisom", None),
        (b"\xff\xff\xff\xffftypisom" + bytes(100), None),
        (b"\x1aE\xdf\xa3\x8b\x42\x82\x88matroska", None),
        (b"\x1aE\xdf\xa3\x87\x42\x82\x84webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x87\x42\x82\x8fwebm", None),
        (b"\x1aE\xdf\xa3\xff", None),
        (b"\x1aE\xdf\xa3", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"#EXTM3U\n", None),
        (b"ffconcat version 1.0\n", None),
        (b"  <svg/>", None),
        (b"%!PS-Adobe-3.0 EPSF-3.0", None),
        (bytes(100), None),
        (b"", None),
    ],
)
def test_a_signature_is_told_apart(head: bytes, content_type: str | None) -> None:
    assert sniff(head) == content_type


@pytest.mark.parametrize("content_type", ACCEPTED_TYPES)
def test_any_length_of_a_head_can_be_looked_at(content_type: str) -> None:
    head = samples.sample_of(content_type)[:64]

    assert {sniff(head[:length]) for length in range(64)} <= {None, content_type}
