"""Inputs of a request: pictures of the caller's own library, which must be there when it is submitted."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.errors import FieldError, InvalidRequest
from jobs.repositories.media import MediaRepository
from storage.paths import PathEscapes, owned

ABSENT = "is nothing in your library"


def own_paths(owner: str, paths: Sequence[str]) -> list[str]:
    """The whole paths of what the caller names. Raises `InvalidRequest` for what is not the caller's."""
    found, errors = [], []
    for index, path in enumerate(paths):
        try:
            found.append(owned(owner, path))
        except PathEscapes:
            # Whether another user has it is nobody's business.
            errors.append(FieldError(f"inputs.{index}", ABSENT))
    if errors:
        raise InvalidRequest(errors)
    return found


async def check_inputs(media: MediaRepository, connection: AsyncConnection, paths: Sequence[str]) -> None:
    """Raise `InvalidRequest` where one of the caller's own `paths` is not there, or is no picture."""
    if not paths:
        return
    kinds = await media.kinds_of(connection, set(paths))
    wrong = {None: ABSENT, "video": "is no picture"}
    errors = [
        FieldError(f"inputs.{index}", wrong[kinds.get(path)])
        for index, path in enumerate(paths)
        if kinds.get(path) in wrong
    ]
    if errors:
        raise InvalidRequest(errors)
