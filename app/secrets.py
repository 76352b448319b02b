"""Secrets that are made once, where none is configured, and kept in the data directory for this user alone."""

import os
import secrets
from pathlib import Path


def make_private(directory: Path) -> None:
    """Make the data directory, which holds secrets and prompts, for this user alone; an existing one stays as it is."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def kept_secret(directory: Path, name: str) -> str:
    """The secret of this name; made with 256 bits when there is none. Two processes that make it at once agree."""
    make_private(directory)
    file = directory / name
    if not file.exists():
        draft = directory / f".{name}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(32))
        try:
            # A link fails where a rename would replace: the first one stays.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()
