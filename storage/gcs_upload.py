"""Uploads by the service itself: in a resumable session, so that nothing is sent twice that has arrived.

Small objects take this way, too. It costs one more request, and tells for sure what became of an answer that was
lost: a plain upload that is sent again with "only where none is" can't tell its own object from somebody else's.
Source: cloud.google.com/storage/docs/performing-resumable-uploads.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from storage.gcs_client import CREATED, SENDING_TIMEOUT, GcsClient
from storage.gcs_errors import TryAgain
from storage.gcs_objects import media_object
from storage.gcs_patience import Effort, Patience
from storage.gcs_room import Room
from storage.gcs_window import Window, parts
from storage.store import (
    RESUMABLE_GRANULE_BYTES,
    MediaObject,
    StorageError,
    StorageUnavailable,
)

ABORT_SECONDS: Final = 2.0

_INCOMPLETE = 308


async def upload(
    client: GcsClient,
    patience: Patience,
    room: Room,
    path: str,
    chunks: AsyncIterator[bytes],
    content_type: str,
    *,
    if_absent: bool,
) -> MediaObject:
    """Store the chunks as `Store.upload` says, holding in memory what `room` has for it."""
    url = await _start(client, patience, path, content_type, if_absent=if_absent)
    try:
        return await _send_all(Session(client, patience, path, url), room, chunks)
    except BaseException:  # cancelled, too
        await abort(client, url)
        raise


async def abort(client: GcsClient, url: str) -> None:
    """Cancel a session, if that can be done at once: one that is forgotten costs nothing, and ends after a week."""
    with suppress(TimeoutError, StorageError):
        async with asyncio.timeout(ABORT_SECONDS):
            await client.send("DELETE", url, headers={"Content-Length": "0"})


async def _start(client: GcsClient, patience: Patience, path: str, content_type: str, *, if_absent: bool) -> str:
    params = {"uploadType": "resumable", "name": path} | ({"ifGenerationMatch": "0"} if if_absent else {})
    body = json.dumps({"contentType": content_type}).encode()
    fixed = {"Content-Type": "application/json; charset=UTF-8", "X-Upload-Content-Type": content_type}

    async def attempt() -> str:
        headers = {**fixed, **await client.authorization()}
        return (await client.send("POST", client.upload_url, params=params, headers=headers, data=body)).location(path)

    return await patience.run(attempt)


async def _send_all(session: "Session", room: Room, chunks: AsyncIterator[bytes]) -> MediaObject:
    """The last chunk is held back until it is known to be the last, for it has to say so."""
    window = Window()
    size = room.take()
    try:
        async for chunk in chunks:
            for piece in parts(memoryview(chunk), RESUMABLE_GRANULE_BYTES):
                if window.stop - window.start >= size:
                    await session.send(window, window.start + size)
                    room.give(size)
                    size = room.take()
                window.add(piece)
        return await session.finish(window)
    finally:
        room.give(size)


class Session:
    """An open session as its sender sees it."""

    def __init__(self, client: GcsClient, patience: Patience, path: str, url: str) -> None:
        self._path = path
        self._url = url
        self._client = client
        self._patience = patience

    async def send(self, window: Window, until: int) -> None:
        """Have everything before `until`, a multiple of 256 KiB, committed, and drop it from the window."""
        if await self._commit(window, until, total="*") is not None:
            raise StorageUnavailable("the store made an object of a part")

    async def finish(self, window: Window) -> MediaObject:
        """Send the rest, and give the object."""
        made = await self._commit(window, window.stop, total=str(window.stop))
        if made is None:
            raise StorageUnavailable("the store made no object of the whole")
        return made

    async def _commit(self, window: Window, until: int, total: str) -> MediaObject | None:
        """Send until `until` is committed or the object is made, asking after each failure what has arrived."""
        effort = self._patience.effort()
        is_sure = True
        while True:
            try:
                answer = await (self._put(window, until, total) if is_sure else self._ask(total))
                is_sure = True
            except TryAgain as error:
                is_sure = False
                await effort.pause(error)
                continue
            if isinstance(answer, MediaObject):
                return answer
            if await self._advance(window, answer, effort) >= until and total == "*":
                return None

    async def _advance(self, window: Window, committed: int, effort: Effort) -> int:
        if not window.start <= committed <= window.stop:
            raise StorageUnavailable("the store has other bytes than were sent")
        if committed > window.start:
            effort.progress()
            window.drop(committed)
        else:
            await effort.pause(TryAgain("the store takes no bytes"))
        return committed

    async def _put(self, window: Window, until: int, total: str) -> MediaObject | int:
        size = until - window.start
        span = f"{window.start}-{until - 1}" if size else "*"
        return await self._request(f"bytes {span}/{total}", size, window.read(until) if size else None)

    async def _ask(self, total: str) -> MediaObject | int:
        return await self._request(f"bytes */{total}", 0, None)

    async def _request(self, content_range: str, size: int, data: Any) -> MediaObject | int:
        """Give the object, or how many bytes are committed. The URL is the right to send: no token goes with it."""
        headers = {"Content-Range": content_range, "Content-Length": str(size)}
        answer = await self._client.send("PUT", self._url, headers=headers, data=data, timeout=SENDING_TIMEOUT)
        if answer.status in CREATED:
            return media_object(answer.json())
        if answer.status == _INCOMPLETE:
            return _committed(answer.headers.get("Range"))
        raise answer.refusal(self._path)


def _committed(header: str | None) -> int:
    """Read `bytes=0-LAST`; without the header nothing has arrived."""
    if header is None:
        return 0
    first, _, last = header.strip().removeprefix("bytes=").partition("-")
    if first != "0" or not last.isascii() or not last.isdigit():
        raise StorageUnavailable("the store told its progress in a way of its own")
    return int(last) + 1
