"""What an MP4 may claim, and where it may end."""

import struct
from pathlib import Path

import pytest

from actors.processing.bounds import Bounds
from actors.processing.movies import check_movie
from actors.processing.refusal import Refused
from tests.unit.actors.processing import samples


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def movie(*tables: bytes, handler: bytes = b"vide") -> bytes:
    """A movie with one track that has these tables."""
    media = box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(13)), box(b"minf", box(b"stbl", *tables)))
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", box(b"trak", media)) + box(b"mdat", bytes(10))


def check(directory: Path, data: bytes, *, whole: bool = False) -> None:
    check_movie(samples.write(directory, data), Bounds(video_frames=1000), whole=whole)


SIZES = box(b"stsz", struct.pack(">III", 0, 1, 1000))
TOO_MANY = {
    "sizes": movie(box(b"stsz", struct.pack(">III", 0, 0, 1001))),
    "compact sizes": movie(box(b"stz2", struct.pack(">III", 0, 8, 1001))),
    "one size": movie(box(b"stsz", struct.pack(">III", 0, 1, 10**9))),
    "times": movie(SIZES, box(b"stts", struct.pack(">IIIIII", 0, 2, 600, 1, 401, 1))),
    "samples of a chunk": movie(SIZES, box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 10**9, 1))),
    "runs of chunks": movie(SIZES, box(b"stsc", struct.pack(">II", 0, 10**9))),
    "chunks": movie(SIZES, box(b"stco", struct.pack(">II", 0, 10**9))),
    "chunks far apart": movie(SIZES, box(b"co64", struct.pack(">II", 0, 10**9))),
    "offsets": movie(SIZES, box(b"ctts", struct.pack(">IIIIII", 0, 2, 600, 1, 401, 1))),
    "sounds": movie(box(b"stsz", struct.pack(">III", 0, 0, 4001)), handler=b"soun"),
    "fragments": movie(SIZES) + box(b"moof", box(b"traf", box(b"trun", struct.pack(">II", 0, 3000)))) * 2,
}


@pytest.mark.parametrize("name", TOO_MANY)
def test_more_frames_than_allowed_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="too_many_frames"):
        check(tmp_path, TOO_MANY[name])


def test_more_boxes_than_the_fragments_of_all_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="too_many_parts"):
        check(tmp_path, movie(SIZES) + box(b"free") * 2000)


def test_as_many_frames_as_allowed_pass(tmp_path: Path) -> None:
    check(tmp_path, movie(SIZES, box(b"stts", struct.pack(">IIII", 0, 1, 1000, 1))))


def test_uncompressed_sound_has_millions_of_samples_in_no_table(tmp_path: Path) -> None:
    uniform = box(b"stsz", struct.pack(">III", 0, 4, 48_000 * 60))
    check(tmp_path, movie(uniform, box(b"stts", struct.pack(">IIII", 0, 1, 48_000 * 60, 1)), handler=b"soun"))


@pytest.mark.parametrize("table", [b"stts", b"ctts", b"stsz"])
def test_a_table_that_ends_too_early_is_refused(tmp_path: Path, table: bytes) -> None:
    with pytest.raises(Refused, match="undecodable"):
        check(tmp_path, movie(box(table, struct.pack(">II", 0, 7))))


@pytest.mark.parametrize("kept", [10, 60, -1, -12, -20])
def test_a_movie_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    with pytest.raises(Refused, match="truncated"):
        check(tmp_path, movie(SIZES)[:kept])


def test_what_follows_is_refused_only_where_it_would_be_kept(tmp_path: Path) -> None:
    data = movie(SIZES) + b"PK\x03\x04 and so on"

    check(tmp_path, data)
    with pytest.raises(Refused, match="truncated"):
        check(tmp_path, data, whole=True)


def test_a_box_may_have_a_long_size_or_reach_to_the_end(tmp_path: Path) -> None:
    begin = movie(SIZES)[:-18]

    check(tmp_path, begin + struct.pack(">I4sQ", 1, b"mdat", 26) + bytes(10))
    check(tmp_path, begin + struct.pack(">I4s", 0, b"mdat") + bytes(10))


def test_a_box_that_ends_within_its_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="undecodable"):
        check(tmp_path, movie(struct.pack(">I4s", 4, b"stsz")))


def test_an_index_beyond_all_reason_is_not_even_read(tmp_path: Path) -> None:
    file = samples.write(tmp_path, box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4s", 3 << 30, b"moov"))
    with file.open("r+b") as opened:
        opened.truncate(4 << 30)

    with pytest.raises(Refused, match="too_many_frames"):
        check_movie(file, Bounds(), whole=False)
