"""The path convention: where each kind of object lives, and which paths belong to which user."""

import re
import unicodedata
from typing import Literal

FILENAME_MAX_BYTES = 120

Kind = Literal["image", "video"]

_FOLDERS: dict[Kind, str] = {"image": "images", "video": "videos"}
_EXTENSIONS = {
    "image/avif": "avif",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}

_USER = re.compile(r"[A-Za-z0-9._@|:-]{1,128}")
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")  # no "_": it ends the job's id in a file name
_DERIVATIVE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,10}")
# No path that we make has a percent sign, so one that is left after decoding was encoded twice.
_NEVER_IN_A_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f\\%\ud800-\udfff]")
_ASCII_KEPT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_FILLERS = "._~-"


class PathEscapes(ValueError):  # named by what is wrong, like every error of this package
    """The path is not one inside the user's own folder."""


def generated_image(user: str, job_id: str, index: int) -> str:
    """Name the object of a job's image `index`, counted from 0. Raises `PathEscapes`."""
    return f"{job_prefix(user, 'image', job_id)}{index:d}.png"


def generated_video(user: str, job_id: str, index: int) -> str:
    """Name the object of a job's video `index`, counted from 0. Raises `PathEscapes`."""
    return f"{job_prefix(user, 'video', job_id)}{index:d}.mp4"


def job_prefix(user: str, kind: Kind, job_id: str) -> str:
    """Give what the paths of all outputs of this job, and of no other, start with. Raises `PathEscapes`."""
    return f"{_home(user)}{_FOLDERS[kind]}/{_checked(_ID, job_id)}_"


def upload_object(user: str, uuid: str, filename: str) -> str:
    """Name the object of an upload; the file name is made safe here, too.

    Raises `PathEscapes`, and `ValueError` when `safe_filename` does.
    """
    return f"{_home(user)}{_checked(_ID, uuid)}/{safe_filename(filename)}"


def incoming_object(object_path: str) -> str:
    """Name the object that a client's bytes go to until they are verified. Raises `PathEscapes`."""
    return f"incoming/{_below_media(object_path)}"


def upload_prefixes(object_path: str) -> tuple[str, str, str]:
    """Give the prefixes of all that one upload stores, and nothing else does. Raises `PathEscapes`."""
    folder = _below_media(object_path).rpartition("/")[0]
    return f"media/{folder}/", f"derivatives/{folder}/", f"incoming/{folder}/"


def job_prefixes(user: str, kind: Kind, job_id: str) -> tuple[str, str]:
    """Give the prefixes of all that one generation stores, and nothing else does. Raises `PathEscapes`."""
    media = job_prefix(user, kind, job_id)
    return media, f"derivatives/{media.removeprefix('media/')}"


def preview_object(user: str, kind: Kind, job_id: str, run: int, number: int) -> str:
    """Name what run `run` of a job shows as its picture `number`, both from 1. Raises `PathEscapes`."""
    return f"{preview_prefix(user, kind, job_id)}{run:d}-{number:d}"


def preview_prefix(user: str, kind: Kind, job_id: str) -> str:
    """Give what the paths of all that a job shows of itself start with; no library owns it. Raises `PathEscapes`."""
    return f"derivatives/{job_prefix(user, kind, job_id).removeprefix('media/')}preview/"


def user_prefixes(user: str) -> tuple[str, str, str]:
    """Give the prefixes under which all of a user's objects are: media, derivatives, incoming."""
    folder = _home(user).removeprefix("media/")
    return f"media/{folder}", f"derivatives/{folder}", f"incoming/{folder}"


def library_path(path: str) -> str | None:
    """Give the path whose row in a library makes this object wanted; None for what no library ever owns."""
    root, _, rest = path.partition("/")
    match root:
        case "media":
            return path
        case "derivatives":
            return f"media/{rest.rpartition('/')[0]}"
        case _:
            return None


def owned(user: str, path_or_relative: str) -> str:
    """Give the canonical path (`media/{user}/…`) of what the user names with or without the leading `media/`.

    The path must be percent-decoded once. Raises `PathEscapes` for whatever is not clearly inside the
    user's folder, an undecoded rest included; whether there is an object is not looked at.
    """
    home = _home(user)
    path = path_or_relative
    if not path.startswith(home):
        path = f"media/{path}"
    if not path.startswith(home):
        raise PathEscapes("the path is not in the user's folder")
    return _clean(path)


def derived(path: str, name: str) -> str:
    """Name a derivative (a thumbnail, say) of the media object at `path`. Raises `PathEscapes`."""
    return f"{derived_prefix(path)}{_checked(_DERIVATIVE, name)}"


def derived_prefix(path: str) -> str:
    """Give what all derivatives of the media object at `path` start with. Raises `PathEscapes`."""
    return f"derivatives/{_below_media(path)}/"


def safe_filename(name: str, content_type: str | None = None) -> str:
    """Make a client's file name fit for one path segment, in a URL as well as on disk.

    Letters, marks, numbers and pictographs of any script stay, in NFC; of ASCII the unreserved characters of
    RFC 3986, section 2.3; any other run becomes one `_`. At most `FILENAME_MAX_BYTES` in UTF-8, cut before
    the extension. A name without extension gets that of `content_type`, where it has one here.
    Idempotent. Raises `ValueError` when nothing but punctuation is left.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    # Category C: controls, bidi overrides and zero-width characters, surrogates, unassigned.
    visible = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    safe = _replaced(unicodedata.normalize("NFC", visible.strip())).strip(".")
    if not safe.strip(_FILLERS):
        raise ValueError("the file name has no usable character")
    return _bounded(*_split(safe, content_type))


def _replaced(text: str) -> str:
    return re.sub("/+", "_", "".join(char if _is_kept(char) else "/" for char in text))


def _is_kept(char: str) -> bool:
    if char.isascii():
        return char in _ASCII_KEPT
    category = unicodedata.category(char)
    return category[0] in "LMN" or category == "So"


def _split(name: str, content_type: str | None) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    if dot and stem and _EXTENSION.fullmatch(extension):
        return stem, f".{extension}"
    default = _EXTENSIONS.get(content_type or "")
    return name, f".{default}" if default else ""


def _bounded(stem: str, extension: str) -> str:
    room = FILENAME_MAX_BYTES - len(extension)
    encoded = stem.encode()
    if len(encoded) > room:
        stem = encoded[:room].decode(errors="ignore").rstrip(".")
    return stem + extension


def _home(user: str) -> str:
    """Give the user's folder; its closing slash is what keeps `alice` out of `alice2`."""
    if user in {".", ".."}:
        raise PathEscapes("the user id can't be a path segment")
    return f"media/{_checked(_USER, user)}/"


def _below_media(path: str) -> str:
    relative = _clean(path).removeprefix("media/")
    if relative == path:
        raise PathEscapes("the path is not one of a media object")
    return relative


def _checked(pattern: re.Pattern[str], segment: str) -> str:
    if not pattern.fullmatch(segment):
        raise PathEscapes("the value can't be a path segment")
    return segment


def _clean(path: str) -> str:
    if _NEVER_IN_A_PATH.search(path):
        raise PathEscapes("the path has a character that no path has")
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise PathEscapes("the path has an empty or relative segment")
    return path
