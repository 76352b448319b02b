"""The store at Google Cloud Storage: objects of one bucket."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from storage import gcs_upload
from storage.gcs_client import GCLOUD_TIMEOUT, GcsClient
from storage.gcs_errors import TryAgain, translated
from storage.gcs_objects import FIELDS, media_object
from storage.gcs_patience import Patience
from storage.gcs_room import Room
from storage.gcs_signing import UrlRequest, signed_url
from storage.store import (
    MediaObject,
    ObjectNotFound,
    OpenObject,
    PreconditionFailed,
    PresignedUpload,
    RangeNotSatisfiable,
)

MAX_OBJECT_BYTES: Final = 5 * 2**40
SESSION_SECONDS: Final = 7 * 86_400
"""For how long Google keeps an upload session open, whatever is asked for."""
PAGE_OBJECTS: Final = 1000

LENGTH_RANGE_HEADER: Final = "x-goog-content-length-range"
NEW_ONLY: Final = {"x-goog-if-generation-match": "0"}


class GCSStore:
    """A `Store`. `asking` is the patience of every call, but of those that move bytes: they go on while bytes flow.

    For what moves bytes, `moving` is the patience with a bucket that takes or gives none.
    """

    is_ephemeral = False
    max_object_bytes = MAX_OBJECT_BYTES

    def __init__(self, client: GcsClient, clock: Callable[[], datetime], *, asking: Patience, moving: Patience) -> None:
        self._client = client
        self._clock = clock
        self._asking = asking
        self._moving = moving
        self._room = Room()

    async def upload(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, *, if_absent: bool = False
    ) -> MediaObject:
        return await gcs_upload.upload(
            self._client, self._moving, self._room, path, chunks, content_type, if_absent=if_absent
        )

    async def upload_presigned(
        self, path: str, content_type: str, *, min_bytes: int, max_bytes: int, expires_in: float
    ) -> PresignedUpload:
        headers = {"Content-Type": content_type, **_bounds(min_bytes, max_bytes), **NEW_ONLY}
        at = self._clock().replace(microsecond=0)
        url = await self._sign("PUT", path, at, expires_in, headers=headers)
        return PresignedUpload(url, "PUT", headers, at + timedelta(seconds=int(expires_in)), max_bytes)

    async def start_resumable(
        self,
        path: str,
        content_type: str,
        *,
        min_bytes: int,
        max_bytes: int,
        expires_in: float,  # noqa: ARG002  # Google's rule is fixed
        origin: str | None = None,
    ) -> PresignedUpload:
        """Open a session as the port says, in the XML API: only there can the size be bounded from both sides."""
        bounds = _bounds(min_bytes, max_bytes)
        fixed = {"Content-Type": content_type, "Content-Length": "0", "x-goog-resumable": "start", **bounds, **NEW_ONLY}
        if origin is not None:
            fixed["Origin"] = origin
        expires_at = self._clock() + timedelta(seconds=SESSION_SECONDS)

        async def attempt() -> str:
            headers = {**fixed, **await self._client.authorization()}
            return (await self._client.send("POST", self._client.xml_url(path), headers=headers)).location(path)

        url = await self._asking.run(attempt)
        return PresignedUpload(url, "PUT", {"Content-Type": content_type}, expires_at, max_bytes)

    async def abort_resumable(self, url: str) -> None:
        await gcs_upload.abort(self._client, url)

    async def stat(self, path: str) -> MediaObject:
        return await self._asking.run(lambda: self._stat(path))

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        """Open as the port says; the first request for bytes is made when the first chunk is asked for."""
        found = await self.stat(path)
        if not (0 <= start < found.size or start == found.size == 0):
            raise RangeNotSatisfiable(path)
        end = found.size if stop is None else max(start, min(stop, found.size))
        return OpenObject(found, start, end, self._read(found, start, end))

    async def get_url(self, path: str, *, expires_in: float, filename: str | None = None) -> str:
        disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}" if filename else None
        query = {"response-content-disposition": disposition} if disposition else {}
        return await self._sign("GET", path, self._clock(), expires_in, query=query)

    async def copy(self, source: str, target: str) -> MediaObject:
        """Copy as the port says: bytes and type, and nothing else that a client may have set on the source."""

        async def attempt() -> MediaObject:
            found = await self._stat(source)
            try:
                return await self._rewrite(found, target)
            except PreconditionFailed as error:
                raise TryAgain("the source was overwritten meanwhile") from error

        return await self._moving.run(attempt)

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        params = {} if generation is None else {"ifGenerationMatch": generation}
        try:
            await self._asking.run(lambda: self._delete(path, params))
        except ObjectNotFound:
            return
        except PreconditionFailed:
            with suppress(ObjectNotFound):  # where nothing is, no other generation is
                await self.stat(path)
                raise

    async def list(self, prefix: str) -> AsyncIterator[MediaObject]:
        """List as the port says, in pages of a thousand."""
        params = {"prefix": prefix, "maxResults": str(PAGE_OBJECTS), "fields": f"nextPageToken,items({FIELDS})"}
        while True:
            page = await self._list(params)
            for resource in page.get("items", []):
                yield media_object(resource)
            if not page.get("nextPageToken"):
                return
            params["pageToken"] = page["nextPageToken"]

    async def check(self) -> None:
        await self._list({"maxResults": "1", "fields": "kind"})

    async def close(self) -> None:
        await self._client.close()

    async def _sign(
        self,
        method: str,
        path: str,
        at: datetime,
        expires_in: float,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        request = UrlRequest(
            method=method,
            bucket=self._client.bucket,
            object_name=path,
            expires_in=int(expires_in),
            headers=headers or {},
            query=query or {},
            scheme=self._client.scheme,
            host=self._client.host,
        )
        return await signed_url(request, self._client.signer, at)

    async def _stat(self, path: str) -> MediaObject:
        with translated(path):
            return media_object(
                await self._client.storage.download_metadata(self._client.bucket, path, timeout=GCLOUD_TIMEOUT)
            )

    async def _delete(self, path: str, params: dict[str, str]) -> None:
        with translated(path):
            await self._client.storage.delete(self._client.bucket, path, params=params, timeout=GCLOUD_TIMEOUT)

    async def _rewrite(self, found: MediaObject, target: str) -> MediaObject:
        bucket, params = self._client.bucket, {"ifSourceGenerationMatch": found.generation}
        metadata = {"Content-Type": found.content_type}
        with translated(found.path):
            answer = await self._client.storage.copy(
                bucket, found.path, bucket, new_name=target, metadata=metadata, params=params, timeout=GCLOUD_TIMEOUT
            )
        return media_object(answer.get("resource", {}))

    async def _list(self, params: Mapping[str, str]) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            with translated(None):
                return await self._client.storage.list_objects(
                    self._client.bucket, params=dict(params), timeout=GCLOUD_TIMEOUT
                )

        return await self._asking.run(attempt)

    async def _read(self, found: MediaObject, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of this one generation; where an answer breaks off, the next request goes on from there."""
        effort = self._moving.effort()
        while start < stop:
            try:
                async with aclosing(self._client.read(found.path, found.generation, start, stop)) as pieces:
                    async for piece in pieces:
                        yield piece
                        start += len(piece)
                        effort.progress()
            except TryAgain as error:
                await effort.pause(error)


def _bounds(min_bytes: int, max_bytes: int) -> dict[str, str]:
    if not 0 <= min_bytes <= max_bytes:
        raise ValueError("the size bounds contradict each other")
    return {LENGTH_RANGE_HEADER: f"{min_bytes:d},{max_bytes:d}"}
