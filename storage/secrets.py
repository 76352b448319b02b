"""Secrets that are made once, where none is configured, and kept in the data directory for this user alone."""

import os
import secrets
import tempfile
from pathlib import Path


def make_private(directory: Path) -> None:
    """Make the data directory, which holds secrets and prompts, for this user alone; an existing one stays as it is."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def kept_secret(directory: Path, name: str) -> str:
    """The secret of this name; made with 256 bits when there is none. Two processes that make it at once agree."""
    make_private(directory)
    file = directory / name
    if not file.exists():
        # A name of its own, with mode 0600: one that a killed process left behind is in nobody's way.
        descriptor, draft = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(secrets.token_urlsafe(32))
            # A link fails where a rename would replace: the first one stays.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)  # noqa: PTH108  # as text from mkstemp
    return file.read_text().strip()
