"""JPEG files that end too early, with an end marker put behind what is left."""

from io import BytesIO

import pytest
from PIL import Image

from actors.processing.cut_jpegs import is_cut
from tests.unit.actors.processing import samples

KINDS = {
    "colour": {},
    "without subsampling": {"subsampling": 0},
    "with restarts": {"restart_marker_blocks": 5},
    "progressive": {"progressive": True},
}
SIZE = (451, 333)
GREY = (128, 128, 128)


def decoded(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def cut(data: bytes, part: float) -> bytes:
    """The same file, of whose scan only this part is left."""
    begin = data.index(b"\xff\xda") + 2
    begin += int.from_bytes(data[begin : begin + 2], "big")
    return data[: begin + round((len(data) - begin) * part)].rstrip(b"\xff") + b"\xff\xd9"


@pytest.mark.parametrize("part", [0, 0.05, 0.5, 0.98])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_what_lacks_a_part_of_its_scan_is_found(mode: str, part: float) -> None:
    data = cut(samples.image("image/jpeg", samples.picture(SIZE, mode)), part)

    assert is_cut(decoded(data), data)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_the_beginning_of_a_scan_is_not_enough(options: dict[str, object]) -> None:
    data = cut(samples.image("image/jpeg", samples.picture(SIZE), **options), 0.04)

    assert is_cut(decoded(data), data)


@pytest.mark.parametrize("source", [samples.picture(SIZE), Image.new("RGB", SIZE, GREY)], ids=["coloured", "grey"])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_whole_picture_is_whole(options: dict[str, object], source: Image.Image) -> None:
    for mode in ("RGB", "L", "CMYK"):
        data = samples.image("image/jpeg", source.convert(mode), **options)

        assert not is_cut(decoded(data), data)
