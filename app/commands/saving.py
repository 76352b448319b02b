"""Where a command puts what it downloads: a name that says what it is, and never half a file."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
}
MOST_NAME_CHARACTERS = 48


def target_of(output: Path | None, prompt: str, content_type: str) -> Path:
    """`output`, or a new name made of the prompt's words, in `output` where that is a directory, else right here."""
    if output is not None and not output.is_dir():
        return output
    words = re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:MOST_NAME_CHARACTERS].strip("-")
    suffix = SUFFIXES.get(content_type, ".bin")
    return _unused(output or Path(), lambda number: f"{words or 'demo'}{number}{suffix}")


def _unused(directory: Path, name: Callable[[str], str]) -> Path:
    numbers = ("" if number == 1 else f"-{number}" for number in count(1))
    return next(file for number in numbers if not (file := directory / name(number)).exists())


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when everything is in it; of one that stays unfinished nothing is left."""
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
