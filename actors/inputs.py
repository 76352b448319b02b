"""Inputs of a job: pictures of its owner's library, copied for the provider to read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

from actors.providers.base import InputMedia
from actors.work import Refused
from storage.store import ObjectNotFound, Store


class InputShelf:
    """Takes files out of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fetch(self, paths: list[str], scratch: Path) -> tuple[InputMedia, ...]:
        """Copies below `scratch`, in the order of `paths`. Raises `Refused` for what is gone, `StorageError`."""
        return tuple([await self._copy(path, scratch / f"input-{index}") for index, path in enumerate(paths)])

    async def _copy(self, path: str, file: Path) -> InputMedia:
        try:
            opened = await self._store.open(path)
        except ObjectNotFound as error:
            raise Refused("invalid_input", "An input is no longer in the library.") from error
        async with aclosing(opened.chunks) as chunks:
            await _write(chunks, file)
        return InputMedia(path, opened.object.content_type, file)


async def _write(chunks: AsyncIterator[bytes], file: Path) -> None:
    with await asyncio.to_thread(file.open, "wb") as stream:
        async for chunk in chunks:
            await asyncio.to_thread(stream.write, chunk)
