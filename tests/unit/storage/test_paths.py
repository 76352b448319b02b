"""Tests of the path convention: names made, names refused, and whose they are."""

import posixpath
import unicodedata
from contextlib import suppress
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import paths
from storage.paths import PathEscapes

JOB = "0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b"
USERS = st.from_regex(r"[A-Za-z0-9._@|:-]{1,128}", fullmatch=True).filter(lambda user: user not in {".", ".."})
PARTS = st.sampled_from(["media", "alice", "bob", "a.png", "..", ".", "", "%2e%2e", "a\\b"])
NEARLY_PATHS = st.lists(PARTS | st.text(max_size=3), max_size=5).map("/".join)
FILENAMES = st.text() | st.from_regex(r"[ ./\\%a-z\u202e\u0301é🐱]{1,200}", fullmatch=True)


def usable(name: str, content_type: str | None = None) -> str | None:
    with suppress(ValueError):
        return paths.safe_filename(name, content_type)
    return None


def test_generated_outputs_and_uploads_have_the_documented_paths() -> None:
    assert paths.generated_image("alice", JOB, 0) == f"media/alice/images/{JOB}_0.png"
    assert paths.generated_video("alice", JOB, 12) == f"media/alice/videos/{JOB}_12.mp4"
    assert paths.upload_object("alice", JOB, "cat.jpg") == f"media/alice/{JOB}/cat.jpg"


def test_an_upload_gets_its_filename_made_safe() -> None:
    assert paths.upload_object("alice", JOB, "../my cat.jpg") == f"media/alice/{JOB}/my_cat.jpg"


def test_all_outputs_of_a_job_share_its_prefix_and_no_other_job_does() -> None:
    prefix = paths.job_prefix("alice", "image", "job-1")

    assert paths.generated_image("alice", "job-1", 10).startswith(prefix)
    assert not paths.generated_image("alice", "job-10", 1).startswith(prefix)
    assert not paths.generated_image("alice2", "job-1", 1).startswith(prefix)
    assert paths.generated_video("alice", "job-1", 0).startswith(paths.job_prefix("alice", "video", "job-1"))


def test_the_prefixes_of_a_user_cover_all_of_its_objects_and_nobody_elses() -> None:
    media, derivatives, incoming = paths.user_prefixes("alice")
    own, other = (paths.generated_image(user, JOB, 0) for user in ("alice", "alice2"))

    assert own.startswith(media)
    assert paths.derived(own, "thumb.webp").startswith(derivatives)
    assert paths.incoming_object(own).startswith(incoming)
    assert not paths.incoming_object(other).startswith(incoming)
    assert not other.startswith(media)
    assert not paths.derived(other, "thumb.webp").startswith(derivatives)


@pytest.mark.parametrize("user", ["", ".", "..", "a/b", "a\\b", "a b", "a%2fb", "é", "alice\n", "a" * 129])
def test_a_user_id_that_is_no_safe_segment_makes_no_path(user: str) -> None:
    with pytest.raises(PathEscapes):
        paths.owned(user, f"media/{user}/images/x.png")
    with pytest.raises(PathEscapes):
        paths.generated_image(user, JOB, 0)
    with pytest.raises(PathEscapes):
        paths.user_prefixes(user)


@pytest.mark.parametrize("identifier", ["", "..", "a/b", "a_1", "a\n", "x" * 65])
def test_a_job_or_upload_id_that_is_no_safe_segment_makes_no_path(identifier: str) -> None:
    with pytest.raises(PathEscapes):
        paths.job_prefix("alice", "image", identifier)
    with pytest.raises(PathEscapes):
        paths.upload_object("alice", identifier, "cat.jpg")


def test_a_path_with_or_without_its_leading_media_names_the_same_object() -> None:
    full = f"media/alice/{JOB}/cat.jpg"

    assert paths.owned("alice", full) == full
    assert paths.owned("alice", f"alice/{JOB}/cat.jpg") == full


def test_a_user_called_media_can_name_its_objects_both_ways() -> None:
    assert paths.owned("media", "media/images/a.png") == "media/media/images/a.png"
    assert paths.owned("media", "media/media/images/a.png") == "media/media/images/a.png"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "media",
        "media/alice",
        "media/alice/",
        "media/alice//a.png",
        "/media/alice/a.png",
        "media//alice/a.png",
        "media/alice/../bob/a.png",
        "media/alice/./a.png",
        "media/alice/images/..",
        "media/alice/..\\bob\\a.png",
        "media/alice/%2e%2e/bob/a.png",
        "media/alice/a%2Fb.png",
        "media/alice/a.png\x00",
        "media/alice/a\n.png",
        "media/alice/\ud800.png",
        "media/alice2/a.png",
        "alice2/a.png",
        "media/bob/a.png",
        "media/Alice/a.png",
        "bob/a.png",
        "images/a.png",
        "derivatives/alice/a.png",
        "media/media/alice/a.png",
    ],
)
def test_whatever_is_not_clearly_inside_the_users_folder_escapes(path: str) -> None:
    with pytest.raises(PathEscapes):
        paths.owned("alice", path)


@settings(deadline=None)  # the machine may be shared
@given(st.sampled_from(["alice", "media"]), NEARLY_PATHS | st.text())
def test_owned_gives_a_plain_path_inside_the_folder_or_raises_only_path_escapes(user: str, path: str) -> None:
    with suppress(PathEscapes):
        full = paths.owned(user, path)

        assert full in {path, f"media/{path}"}
        assert full.startswith(f"media/{user}/")
        assert posixpath.normpath(unquote(full)) == full


@settings(deadline=None)  # the machine may be shared
@given(USERS, FILENAMES)
def test_every_upload_is_owned_by_its_user_under_both_names(user: str, name: str) -> None:
    if usable(name) is None:
        return
    path = paths.upload_object(user, JOB, name)

    assert paths.owned(user, path) == path
    assert paths.owned(user, path.removeprefix("media/")) == path


@settings(deadline=None)  # the machine may be shared
@given(USERS, USERS)
def test_no_user_owns_what_another_one_does(one: str, other: str) -> None:
    path = paths.generated_image(one, JOB, 0)
    if one == other:
        return

    with pytest.raises(PathEscapes):
        paths.owned(other, path)


def test_a_derivative_lives_beside_the_media_under_the_path_of_its_object() -> None:
    path = "media/alice/images/a.png"

    assert paths.derived(path, "thumb-320.webp") == "derivatives/alice/images/a.png/thumb-320.webp"
    assert paths.derived_prefix(path) == "derivatives/alice/images/a.png/"


@pytest.mark.parametrize("path", ["", "alice/a.png", "derivatives/alice/a.png", "media/", "media/alice/../a", "media"])
def test_only_a_clean_media_path_has_derivatives(path: str) -> None:
    with pytest.raises(PathEscapes):
        paths.derived_prefix(path)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a b", "a%2fb"])
def test_a_derivatives_name_is_one_plain_segment(name: str) -> None:
    with pytest.raises(PathEscapes):
        paths.derived("media/alice/images/a.png", name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("cat.jpg", "cat.jpg"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
        ("..\\../cat.jpg", "cat.jpg"),
        ("...hidden.png", "hidden.png"),
        (" my  holiday (1).jpg ", "my_holiday_1_.jpg"),
        ("a\x00b\r\nc\x7f.png", "abc.png"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("zero\u200bwidth\ufeff.png", "zerowidth.png"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("写真.png", "写真.png"),
        ("🐱.png", "🐱.png"),
        ("100%#?.png", "100_.png"),
        ("a%2F..%2Fb.png", "a_2F.._2Fb.png"),
        ("cat.", "cat"),
        ("\ud800cat.png", "cat.png"),
        ("a\uff0fb\u2044c.png", "a_b_c.png"),
    ],
)
def test_a_filename_becomes_safe_and_stays_recognisable(name: str, safe: str) -> None:
    assert paths.safe_filename(name) == safe


@pytest.mark.parametrize("name", ["", "..", "///", "a/", ".", "   ", "\x00", "\u202e", "???", "_.-", "\\", "a/.."])
def test_a_filename_without_a_usable_character_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no usable character"):
        paths.safe_filename(name, "image/png")


def test_a_long_filename_is_cut_before_its_extension_between_characters() -> None:
    safe = paths.safe_filename("é" * 100 + ".jpeg")

    assert safe == "é" * 57 + ".jpeg"
    assert len(paths.safe_filename("a" * 500 + ".webp").encode()) == paths.FILENAME_MAX_BYTES
    assert len(paths.safe_filename("a." + "b" * 500).encode()) == paths.FILENAME_MAX_BYTES


def test_a_filename_without_extension_gets_that_of_its_type() -> None:
    assert paths.safe_filename("photo", "image/jpeg") == "photo.jpg"
    assert paths.safe_filename("clip", "video/quicktime") == "clip.mov"
    assert paths.safe_filename("photo.jpeg", "image/jpeg") == "photo.jpeg"
    assert paths.safe_filename("photo", "application/x-unknown") == "photo"


@settings(deadline=None)  # the machine may be shared
@given(FILENAMES, st.sampled_from([None, "image/png", "video/webm", "text/plain"]))
def test_a_safe_filename_is_bounded_normal_one_segment_and_stays_as_it_is(name: str, content_type: str | None) -> None:
    safe = usable(name, content_type)
    if safe is None:
        return

    assert 0 < len(safe.encode()) <= paths.FILENAME_MAX_BYTES
    assert not set(safe) & set("/\\%?#&\"'<>|:* \x00")
    assert not safe.startswith(".")
    assert unicodedata.is_normalized("NFC", safe)
    assert paths.safe_filename(safe, content_type) == safe
